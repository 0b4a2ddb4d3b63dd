// Signals taken on the event loop's thread, and what must happen before it gets round to them.
#ifndef QSIGNALS_H
#define QSIGNALS_H

// Makes the calling thread the one that handles signals, whichever the kernel chose. Returns an
// eventfd that is readable while signals wait for qsignal_take, or -1 with errno. Call once.
int qsignal_open(void);

// Installs the handler; call on the thread of qsignal_open, where the signal is then not blocked.
// 0, or -1 with errno. A signal that the process was started to ignore stays ignored (nohup(1), a
// background job's SIGINT), except SIGCONT and SIGWINCH.
int qsignal_watch(int number);

// Puts back the disposition from before qsignal_watch.
void qsignal_unwatch(int number);

// How often the signal came since the last call. Taking SIGINT counts as the reaction to it.
int qsignal_take(int number);

// Whether it came since then.
int qsignal_is_pending(int number);

// Resets the eventfd; call before qsignal_take.
void qsignal_drain(void);

// What the handlers of SIGINT, SIGTERM, SIGHUP and SIGQUIT call at once; async-signal-safe. NULL
// for nothing.
//
// A second SIGINT that comes 0.1 to 2 s after the last one, which nobody has taken by then,
// restores the terminal and ends the process with status 130 from within the handler. Closer ones
// count as one: wrappers forward the signal that the terminal has already sent to the group.
void qsignal_set_immediate(void (*function)(void *), void *context);

// Stops the process as SIGTSTP does by default and returns when it is continued. Returns at once
// where the kernel refuses because nobody could continue it (an orphaned process group).
void qsignal_stop_self(void);

#endif
