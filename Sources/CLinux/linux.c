#include "qlinux.h"
