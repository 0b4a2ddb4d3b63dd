/// The `/init` of generated images, a busybox shell script: loads the list of modules, runs the
/// hooks, finds the real root, checks it, mounts it and becomes its init.
///
/// Whatever fails ends in the rescue prompt `[rootfs ]#`, which says why it was reached; leaving
/// it tries again. The shell there runs in a session of its own, as in ``defaultInit``, so that
/// PID 1 only ever waits and answers `poweroff` at once.
///
/// Kernel parameters are those of mkinitcpio: `root=`, `rootfstype=`, `rootflags=`, `rootdelay=`,
/// `ro`, `rw`, `init=`, `break=`, `fsck.mode=`, and what the hooks take.
let generatedInit = #"""
    #!/bin/sh
    if [ "$1" = --rescue-shell ] && [ $$ != 1 ]; then
        echo $$ >/run/rescue.pid
        cd /
        setsid cttyhack sh
        rm -f /run/rescue.pid
        exit
    fi

    export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-linux}"
    export PS1='[rootfs \W]\$ '

    mount -t proc -o nosuid,noexec,nodev proc /proc
    mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
    mount -t devtmpfs -o mode=0755,nosuid devtmpfs /dev 2>/dev/null
    mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
    mkdir -p /dev/pts /new_root

    # parameter NAME: the value of the last NAME=… on the kernel's command line.
    parameter() {
        value=
        for word in $(cat /proc/cmdline); do
            case $word in "$1"=*) value=${word#*=} ;; esac
        done
        echo "$value"
    }

    # flag NAME: whether the word stands on the kernel's command line.
    flag() {
        for word in $(cat /proc/cmdline); do
            [ "$word" != "$1" ] || return 0
        done
        return 1
    }

    say() { flag quiet || echo "initramfs: $*"; }

    seconds() {
        read -r up rest </proc/uptime
        echo "${up%.*}"
    }

    # resolve WORD: the device that a root= or a cryptdevice= means, if it is there.
    resolve() {
        case $1 in
        UUID=* | LABEL=*) findfs "$1" 2>/dev/null ;;
        /dev/disk/by-uuid/*) findfs "UUID=${1##*/}" 2>/dev/null ;;
        /dev/disk/by-label/*) findfs "LABEL=${1##*/}" 2>/dev/null ;;
        PARTUUID=* | /dev/disk/by-partuuid/*)
            wanted=${1##*/}
            partition PARTUUID "${wanted#*=}"
            ;;
        PARTLABEL=* | /dev/disk/by-partlabel/*)
            wanted=${1##*/}
            partition PARTNAME "${wanted#*=}"
            ;;
        /dev/*) [ -b "$1" ] && echo "$1" ;;
        [0-9]*:[0-9]*)
            [ -e "/sys/dev/block/$1/uevent" ] &&
                echo "/dev/$(sed -n 's/^DEVNAME=//p' "/sys/dev/block/$1/uevent")"
            ;;
        esac
    }

    \#(diskProbes)

    # partition KEY VALUE: the partition of which its kernel or its disk says so.
    partition() {
        for event in /sys/class/block/*/uevent; do
            folder=${event%/uevent}
            name=${folder##*/}
            if ! grep -qxiF "$1=$2" "$event"; then
                [ "$1" = PARTUUID ] && [ -e "$folder/partition" ] || continue
                partition_id "$name" | grep -qxiF "$2" || continue
            fi
            echo "/dev/$(sed -n 's/^DEVNAME=//p' "$event")"
            return
        done
    }

    # wait_for WORD: sets $device; fails once rootdelay= has passed.
    wait_for() {
        limit=$(parameter rootdelay)
        start=$(seconds) plugged=
        while :; do
            device=$(resolve "$1")
            [ -z "$device" ] || return 0
            passed=$(($(seconds) - start))
            if [ -z "$plugged" ] && [ "$passed" -ge 1 ]; then
                plugged=yes
                run_point run_coldplug
                continue
            fi
            [ "$passed" -lt "${limit:-10}" ] || return 1
            sleep 0.2
        done
    }

    absent() {
        disks=
        for disk in /sys/class/block/*; do
            case ${disk##*/} in '*' | ram* | loop*) ;; *) disks="$disks ${disk##*/}" ;; esac
        done
        echo "$1 did not appear within ${limit:-10} s; block devices:${disks:- none}"
    }

    # run_point NAME: calls that function of each hook that has it, in the order of the hooks.
    run_point() {
        for hook in $(cat /etc/qsh/hooks); do
            [ -f "/hooks/$hook" ] || continue
            unset -f run_earlyhook run_hook run_latehook run_cleanuphook run_emergencyhook \
                run_coldplug 2>/dev/null
            . "/hooks/$hook"
            if type "$1" >/dev/null 2>&1; then "$1"; fi
        done
    }

    # rescue WHY: the prompt; returns when it is left.
    rescue() {
        run_point run_emergencyhook
        echo
        echo "ERROR: $1"
        echo "This is the initramfs. \`exit\` tries again, \`poweroff\` switches off."
        setsid setsid /init --rescue-shell
        sleep 1
        while [ -f /run/rescue.pid ]; do
            sleep 1 &
            wait $!
        done
    }

    fail() { rescue "$*"; }

    load_modules() {
        [ -f /etc/qsh/modules ] || return 0
        while read -r module; do
            problem=$(insmod "$module" 2>&1) || say "module ${module##*/}: $problem"
        done </etc/qsh/modules
    }

    check_root() {
        checker=fsck.$type
        [ "$(parameter fsck.mode)" != skip ] && command -v "$checker" >/dev/null || return 0
        say "checking $device"
        force=
        [ "$(parameter fsck.mode)" != force ] || force=-f
        "$checker" -a $force "$device"
        code=$?
        # fsck(8): 1 corrected, 2 and 3 ask for a reboot, from 4 on it gave up.
        case $code in
        0 | 1) return 0 ;;
        2 | 3)
            say "$checker asks for a reboot"
            sync
            reboot -f
            ;;
        esac
        why="$checker left errors on $device (status $code)"
        return 1
    }

    # mount_root: what is tried again after the rescue prompt; sets $why where it fails.
    mount_root() {
        root=$(parameter root)
        if [ -z "$root" ]; then
            why="no root= on the kernel's command line"
            return 1
        fi
        if ! wait_for "$root"; then
            why="root device $(absent "$root")"
            return 1
        fi
        type=$(parameter rootfstype)
        [ -n "$type" ] || type=$(file_system "$device")
        [ -z "$type" ] || modprobe -q "$type" 2>/dev/null
        check_root || return 1
        options=ro
        for word in $(cat /proc/cmdline); do
            case $word in ro | rw) options=$word ;; esac
        done
        flags=$(parameter rootflags)
        if ! problem=$(mount ${type:+-t "$type"} -o "$options${flags:+,$flags}" \
            "$device" /new_root 2>&1); then
            why="$device (${type:-no known file system}) could not be mounted: $problem"
            return 1
        fi
        init=$(parameter init)
        init=${init:-/sbin/init}
        if [ ! -x "/new_root$init" ] && [ ! -L "/new_root$init" ]; then
            umount /new_root
            why="the root on $device has no program $init"
            return 1
        fi
    }

    # stop_at WORD: break=WORD on the kernel's command line.
    stop_at() {
        case $(parameter break) in
        "$1") rescue "break=$1 is on the kernel's command line" ;;
        y | premount) [ "$1" != premount ] || rescue "break= is on the kernel's command line" ;;
        esac
    }

    trap 'sync; poweroff -f' USR2
    trap 'sync; halt -f' USR1
    trap 'sync; reboot -f' TERM

    run_point run_earlyhook
    load_modules
    if flag break; then rescue "break is on the kernel's command line"; fi
    stop_at premount
    run_point run_hook
    until mount_root; do rescue "$why"; done
    stop_at postmount
    run_point run_latehook
    run_point run_cleanuphook

    for folder in proc sys dev run; do
        [ -d "/new_root/$folder" ] && mount -o move "/$folder" "/new_root/$folder" ||
            umount -l "/$folder"
    done
    say "becoming $init on $device" 2>/dev/null
    exec switch_root -c /dev/console /new_root "$init" "$@"

    """#
