extension APIReference {
    /// The description that was built in; read once, where it is needed.
    static let shared = LuaCATSReader(embeddedReference).reference
}
