import CLinux
import SystemPackage

/// The applets of a busybox program and where busybox's own `--install` puts them.
///
/// The names are read from the program, not by running it, so that a busybox of another
/// architecture does too: `libbb/appletlib.c` keeps them as one sorted run of NUL-ended strings
/// that starts with `[` where the test applet is built.
enum BusyboxApplets {
    /// Returns the names in a busybox program, sorted.
    static func names(in program: FilePath) throws(InitramfsError) -> [String] {
        _ = try HostFile.readableStatus(of: program)
        let bytes = try HostFile.contents(of: program, limit: 64 << 20)
        guard let start = tableStart(bytes) else { throw .notBusybox(program) }
        var names: [String] = []
        for word in bytes[start...].split(separator: 0, omittingEmptySubsequences: false) {
            guard let name = String(validating: word, as: UTF8.self), isName(name) else { break }
            if let last = names.last, !last.utf8.lexicographicallyPrecedes(name.utf8) { break }
            names.append(name)
        }
        // A shell and a mount are what makes it a busybox that can be a root.
        guard names.count > 3, names.contains("busybox") || names.contains("sh") else {
            throw .notBusybox(program)
        }
        return names
    }

    /// The directory of an applet: busybox's `APPLET(…, BB_DIR_…)`; `/bin` for unlisted ones.
    static func directory(of applet: String) -> String {
        if sbin.contains(applet) { return "sbin" }
        if usrBin.contains(applet) { return "usr/bin" }
        if usrSbin.contains(applet) { return "usr/sbin" }
        return "bin"
    }

    private static func tableStart(_ bytes: [UInt8]) -> Int? {
        // What stands before it is some other table's end, not always a NUL.
        let mark: [UInt8] = [0x5B, 0, 0x5B, 0x5B, 0]
        let found = bytes.withUnsafeBytes { q_find($0.baseAddress, $0.count, mark, mark.count) }
        return found < 0 ? nil : found
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count < 32 && text.utf8.allSatisfy(nameBytes.contains)
    }

    private static let nameBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[-.+_".utf8)

    private static let sbin = words(
        """
        acpid adjtimex arp blkid blockdev bootchartd depmod devmem fbsplash fdisk findfs
        freeramdisk fsck fsck.minix fstrim getty halt hdparm hwclock ifconfig ifdown
        ifenslave ifup init insmod ip ipaddr iplink ipneigh iproute iprule iptunnel klogd
        loadkmap logread losetup lsmod makedevs man mdev mkdosfs mke2fs mkfs.ext2
        mkfs.minix mkfs.vfat mkswap modinfo modprobe nameif pivot_root poweroff
        raidautorun reboot rmmod route run-init runlevel setconsole slattach
        start-stop-daemon sulogin swapoff swapon switch_root sysctl syslogd tc tunctl
        tune2fs udhcpc uevent vconfig watchdog zcip
        """)
    private static let usrBin = words(
        """
        [ [[ ar ascii awk basename bc beep blkdiscard bunzip2 bzcat bzip2 cal chpst chrt
        chvt cksum clear cmp comm crc32 crontab cryptpw cut dc deallocvt diff dirname
        dos2unix dpkg dpkg-deb du dumpleases eject env envdir envuidgid expand expr factor
        fallocate find flock fold free ftpget ftpput fuser groups hd head hexdump hexedit
        hostid id install ipcrm ipcs killall last less logger logname lpq lpr lsof lspci
        lsscsi lsusb lzcat lzma lzopcat md5sum mesg microcom mkfifo mkpasswd nc nl nmeter
        nohup nproc nsenter nslookup od openvt passwd paste patch pgrep pkill pmap printf
        pscan pstree pwdx realpath renice reset resize rpm2cpio runsv runsvdir rx
        script scriptreplay seq setfattr setkeycodes setsid setuidgid sha1sum sha256sum
        sha3sum sha512sum showkey shred shuf smemcap softlimit sort split ssl_client
        strings sum sv svc svok tac tail taskset tcpsvd tee telnet test tftp time timeout
        top tr traceroute traceroute6 tree truncate ts tty ttysize udhcpc6 udpsvd unexpand
        uniq unix2dos unlink unlzma unlzop unshare unxz unzip uptime users uudecode
        uuencode vlock volname w wall wc wget which who whoami whois xargs xxd xz xzcat
        yes
        """)
    private static let usrSbin = words(
        """
        addgroup add-shell adduser arping brctl chat chpasswd chroot crond deluser
        delgroup dhcprelay dnsd ether-wake fakeidentd fbset fdformat fsfreeze ftpd httpd
        i2cdetect i2cdump i2cget i2cset i2ctransfer inetd killall5 loadfont lpd mim
        mkdosfs nanddump nandwrite nbd-client nologin ntpd partprobe popmaildir powertop
        rdate rdev readahead readprofile remove-shell rtcwake seedrng sendmail setfont
        setlogcons svlogd telnetd tftpd ubiattach ubidetach ubimkvol ubirename ubirmvol
        ubirsvol ubiupdatevol udhcpd
        """)

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}

extension InitramfsTree {
    /// Adds a busybox program as `/bin/busybox` and symlinks for its applets.
    ///
    /// Each applet goes where `busybox --install` puts it (`/sbin/poweroff`, `/usr/bin/awk`), so
    /// that scripts with absolute interpreters and paths work. Files that are there already stay.
    ///
    /// - Parameter applets: only these; all that the program has where nil.
    public mutating func addBusybox(
        from program: FilePath, applets chosen: [String]? = nil
    ) throws(InitramfsError) {
        let known = try BusyboxApplets.names(in: program)
        for name in chosen ?? [] where !known.contains(name) {
            throw .unknownApplet(name, near: nearest(to: name, among: known))
        }
        try addFile("bin/busybox", from: program, mode: .program)
        // linuxrc is the old name of init for the root directory; the kernel no longer runs it.
        for applet in chosen ?? known where applet != "busybox" && applet != "linuxrc" {
            let directory = BusyboxApplets.directory(of: applet)
            let path = try InitramfsPath("\(directory)/\(applet)")
            guard entry(at: path) == nil else { continue }
            let up = directory == "bin" ? "" : directory.contains("/") ? "../../bin/" : "../bin/"
            try add(
                InitramfsEntry(path: path, kind: .symlink(target: Array((up + "busybox").utf8))))
        }
    }
}
