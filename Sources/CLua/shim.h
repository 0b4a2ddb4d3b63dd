// Empty on purpose: the module carries pkg-config's flags only. See docs/architecture.md,
// "The bridge".
