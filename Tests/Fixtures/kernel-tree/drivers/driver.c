__attribute__((section(".modinfo"), used)) static const char license[] = "license=GPL";
int init_module(void) { return 0; }
