import SystemPackage

extension InitramfsTree {
    /// Adds a directory; one that exists takes the new mode and owner.
    public mutating func addDirectory(
        _ path: String, mode: FileMode? = nil, uid: UInt32 = 0, gid: UInt32 = 0
    ) throws(InitramfsError) {
        try add(
            InitramfsEntry(
                path: InitramfsPath(path), kind: .directory, mode: mode, uid: uid, gid: gid))
    }

    /// Adds a file with these bytes, mode 0644 unless given.
    public mutating func addFile(
        _ path: String, bytes: [UInt8], mode: FileMode? = nil, uid: UInt32 = 0, gid: UInt32 = 0
    ) throws(InitramfsError) {
        try add(
            InitramfsEntry(
                path: InitramfsPath(path), kind: .file(.bytes(bytes)), mode: mode, uid: uid,
                gid: gid))
    }

    /// Adds a file with this text, mode 0644 unless given.
    public mutating func addFile(
        _ path: String, text: String, mode: FileMode? = nil
    ) throws(InitramfsError) {
        try addFile(path, bytes: Array(text.utf8), mode: mode)
    }

    /// Adds a file of the host, which is read when the image is written.
    ///
    /// The mode defaults to 0755 where the owner may execute it and to 0644 elsewhere: whatever
    /// else the host's umask did would make images differ between hosts.
    public mutating func addFile(
        _ path: String, from host: FilePath, mode: FileMode? = nil, uid: UInt32 = 0,
        gid: UInt32 = 0
    ) throws(InitramfsError) {
        let status = try HostFile.readableStatus(of: host)
        let usual: FileMode = status.isExecutable ? .program : .file
        var entry = try InitramfsEntry(
            path: InitramfsPath(path), kind: .file(.host(host)), mode: mode ?? usual, uid: uid,
            gid: gid)
        entry.isSecret = status.mode & 0o004 == 0
        try add(entry)
    }

    /// Adds a symlink.
    public mutating func addSymlink(
        _ path: String, target: String, uid: UInt32 = 0, gid: UInt32 = 0
    ) throws(InitramfsError) {
        try add(
            InitramfsEntry(
                path: InitramfsPath(path), kind: .symlink(target: Array(target.utf8)), uid: uid,
                gid: gid))
    }

    /// Adds a device node, fifo or socket: `.characterDevice(major: 5, minor: 1)`.
    public mutating func addNode(
        _ path: String, _ kind: InitramfsEntry.Kind, mode: FileMode? = nil, uid: UInt32 = 0,
        gid: UInt32 = 0
    ) throws(InitramfsError) {
        try add(
            InitramfsEntry(path: InitramfsPath(path), kind: kind, mode: mode, uid: uid, gid: gid))
    }

    /// Adds what the default root has beside its programs: mount points, the console and null
    /// devices, root's account, and ``defaultInit`` as `/init`.
    ///
    /// The kernel opens `/dev/console` for `/init` before anything can mount devtmpfs.
    public mutating func addDefaultRoot() throws(InitramfsError) {
        for path in [
            "bin", "dev", "etc/qsh/init.d", "proc", "run", "sbin", "sys", "usr/bin",
            "usr/sbin", "var",
        ] {
            try addDirectory(path)
        }
        try addDirectory("root", mode: FileMode(0o700))
        try addDirectory("tmp", mode: FileMode(0o1777))
        try addNode("dev/console", .characterDevice(major: 5, minor: 1))
        try addNode("dev/null", .characterDevice(major: 1, minor: 3), mode: FileMode(0o666))
        try addFile("etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\n")
        try addFile("etc/group", text: "root:x:0:\n")
        try addFile("init", text: defaultInit, mode: .program)
    }
}
