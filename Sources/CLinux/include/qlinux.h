// The Linux calls that Swift's Glibc module does not carry.
#ifndef QLINUX_H
#define QLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "qfile.h"
#include "qfragments.h"
#include "qkvm.h"
#include "qprompt_guard.h"
#include "qsearch.h"
#include "qsignals.h"
#include "qspawn.h"
#include "qstdout.h"
#include "qterminal.h"
#include "qtree.h"
#include "qunix.h"

#endif
