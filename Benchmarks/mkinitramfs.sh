#!/bin/sh
# CPU time of `qsh mkinitramfs` beside initramfs-tools and dracut, for the same kernel and a root on
# a virtio disk.
# usage: Benchmarks/mkinitramfs.sh KERNEL-PACKAGE [QSH]     (an unpacked linux-image package)
#
# The peers read /lib/modules and /boot, so all of it runs in a mount namespace of its own, as root,
# with the package laid over /usr/lib: nothing of the system is changed.
set -eu
package=$1 qsh=${2:-$PWD/.build/release/qsh}
if [ "${3:-}" != inside ]; then
    exec unshare -m sh "$0" "$package" "$qsh" inside
fi
release=$(ls "$package/lib/modules")
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work"
mount -t overlay overlay -o "lowerdir=/usr/lib,upperdir=$work/upper,workdir=$work/work" /usr/lib
mkdir -p /usr/lib/modules
cp -a "$package/lib/modules/$release" /usr/lib/modules/
mount -t tmpfs tmpfs /boot
cp "$package/boot/config-$release" "$package/boot/vmlinuz-$release" /boot/
depmod "$release"

# cpu TITLE COMMAND...: user and system seconds of a command and its children.
cpu() {
    title=$1
    shift
    python3 - "$title" "$@" <<'PYTHON'
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:], capture_output=True)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
note = "" if status.returncode == 0 else f" (status {status.returncode})"
print(f"{sys.argv[1]:12} {use.ru_utime + use.ru_stime:6.2f} s{note}")
PYTHON
}

for round in 1 2 3; do
    cpu qsh "$qsh" -q mkinitramfs -k "/boot/vmlinuz-$release" -g "$work/qsh.img" -z zstd
    if command -v mkinitramfs >/dev/null; then
        cp -a /etc/initramfs-tools "$work/conf.$round"
        sed -i 's/^MODULES=.*/MODULES=dep/; s/^COMPRESS=.*/COMPRESS=zstd/' \
            "$work/conf.$round/initramfs.conf"
        printf 'virtio_pci\nvirtio_blk\next4\n' >"$work/conf.$round/modules"
        cpu mkinitramfs mkinitramfs -d "$work/conf.$round" -o "$work/tools.img" "$release"
    else
        echo "skipped: mkinitramfs is not installed"
    fi
    if command -v dracut >/dev/null; then
        cpu dracut dracut --force --no-hostonly --kver "$release" --no-early-microcode \
            -m "base kernel-modules rootfs-block busybox" \
            --add-drivers "virtio_pci virtio_blk" "$work/dracut.img"
    else
        echo "skipped: dracut is not installed"
    fi
done
