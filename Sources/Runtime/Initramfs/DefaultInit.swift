/// The `/init` of the default root: a busybox shell script.
///
/// The shell runs as a child in a session of its own on the real console device, because a
/// process on `/dev/console` gets no controlling terminal and so no job control. The script
/// stays PID 1: leaving the shell starts a new one instead of the panic "Attempted to kill
/// init!". Busybox's poweroff, reboot and halt signal PID 1, and the traps answer as busybox's
/// own init does, at once, because PID 1 only ever sits in `wait`.
///
/// The loop that restarts the shell is detached by `setsid setsid` and not by `&`: a shell
/// without job control starts background commands with SIGINT ignored, and what is ignored at
/// the start stays so, which would take Ctrl-C from everything on the console. The first setsid
/// makes a group leader, and the second, being one, forks and returns.
///
/// Console messages below level 5 stay visible: warnings, which include `WARN()`, and all worse.
/// Notices ("random: crng init done") would land in the middle of the prompt. The kernel raises
/// the level itself for a panic or an oops. A level on the kernel command line is left alone.
///
/// The prompt names the folder by the shell's own variable: of `\W` busybox 1.38 makes `/` at the
/// root, and its predecessors nothing.
///
/// Kernel parameters: `qsh.rows=`, `qsh.cols=` give the console's size in characters. Programs
/// in `/etc/qsh/init.d` run in order before the shell, and before commands of the agent's.
public let defaultInit = #"""
    #!/bin/sh
    if [ $$ != 1 ]; then
        echo $$ >/run/console.pid
        cd /
        while :; do
            read -r started rest </proc/uptime
            setsid cttyhack sh
            read -r ended rest </proc/uptime
            # A shell that cannot start must not fill the console.
            [ "${ended%.*}" != "${started%.*}" ] || sleep 1
        done
    fi

    export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-linux}"
    export PS1='[rootfs ${PWD##*/}]\$ '

    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs -o mode=0755 devtmpfs /dev 2>/dev/null
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o mode=0620,gid=5 devpts /dev/pts 2>/dev/null
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm 2>/dev/null
    mount -t tmpfs -o mode=0755 tmpfs /run 2>/dev/null
    mount -t tmpfs -o mode=1777 tmpfs /tmp 2>/dev/null
    hostname rootfs

    rows= cols= level=5
    for word in $(cat /proc/cmdline 2>/dev/null); do
        case $word in
        qsh.rows=*) rows=${word#*=} ;;
        qsh.cols=*) cols=${word#*=} ;;
        loglevel=* | debug | quiet | ignore_loglevel) level= ;;
        esac
    done
    [ -z "$level" ] || dmesg -n "$level"
    [ -z "$rows$cols" ] ||
        stty ${rows:+rows "$rows"} ${cols:+cols "$cols"} </dev/console 2>/dev/null

    trap 'sync; poweroff -f' USR2
    trap 'sync; halt -f' USR1
    trap 'sync; reboot -f' TERM

    for program in /etc/qsh/init.d/*; do
        [ ! -x "$program" ] || "$program"
    done
    # What the agent waits for, where there is one.
    [ ! -e /.qsh/waits ] || : >/.qsh/ready

    while :; do
        console=$(cat /run/console.pid 2>/dev/null)
        [ -n "$console" ] && kill -0 "$console" 2>/dev/null || setsid setsid /init
        sleep 86400 &
        wait $!
    done

    """#
