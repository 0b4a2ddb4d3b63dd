int slow(void) { return 1; }
