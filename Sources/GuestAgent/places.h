// Where the agent finds devices, sysfs and procfs, without a trace in the guest's own tree.
#ifndef AGENT_PLACES_H
#define AGENT_PLACES_H

#include "linux.h"

#define QSH_FOLDER "/.qsh"

/// Opens private instances of procfs, sysfs and devtmpfs; whatever is missing stays so.
void places_open(void);

/// The root of the private procfs, or -1.
int places_proc(void);

/// Opens a device by its name in /dev, or by its numbers where no tree of devices has it.
long open_device(const char *name, unsigned major, unsigned minor, int flags);

/// Opens the port to the host once it is there.
/// @return a descriptor, or -1 where none turned up within 30 seconds.
int find_port(void);

#endif
