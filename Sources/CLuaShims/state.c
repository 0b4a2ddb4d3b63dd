// placeholder until the shim lands
#include "qlua.h"
