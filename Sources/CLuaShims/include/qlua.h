#ifndef QLUA_H
#define QLUA_H
#endif
