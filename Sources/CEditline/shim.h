// Empty on purpose: the module carries pkg-config's flags only; libedit's calls are variadic, which
// Swift cannot import.
