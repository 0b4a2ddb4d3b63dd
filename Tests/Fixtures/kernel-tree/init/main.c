const char file[] = __FILE__;
const char banner[] = "Linux version 6.1.0-fake";
