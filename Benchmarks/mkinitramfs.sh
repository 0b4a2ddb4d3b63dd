#!/bin/sh
# CPU time of `qsh mkinitramfs` beside initramfs-tools and dracut, for the same kernel and a root on
# a virtio disk.
# usage: Benchmarks/mkinitramfs.sh KERNEL-PACKAGE [QSH]     (an unpacked linux-image package)
#
# The peers read /lib/modules and /boot, so all of it runs in a mount namespace of its own, as root,
# with the package laid over /usr/lib: nothing of the system is changed.
set -eu
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
package=$1 qsh=${2:-$PWD/.build/release/qsh}
if [ "${3:-}" != inside ]; then
    exec unshare -m sh Benchmarks/mkinitramfs.sh "$package" "$qsh" inside
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

cpu_pair() { pair -n "${MKINITRAMFS_PAIRS:-3}" --cpu "$@"; }

cp -a /etc/initramfs-tools "$work/conf" 2>/dev/null || mkdir "$work/conf"
own="$qsh -q mkinitramfs -k /boot/vmlinuz-$release -g $work/qsh.img -z zstd"
if has mkinitramfs "beside initramfs-tools"; then
    sed -i 's/^MODULES=.*/MODULES=dep/; s/^COMPRESS=.*/COMPRESS=zstd/' \
        "$work/conf/initramfs.conf"
    printf 'virtio_pci\nvirtio_blk\next4\n' >"$work/conf/modules"
    cpu_pair "mkinitramfs to initramfs-tools, MODULES=dep" 0.10 "$own" \
        "mkinitramfs -d $work/conf -o $work/tools.img $release"
fi
if has dracut "beside dracut"; then
    cpu_pair "mkinitramfs to dracut" 0.10 "$own" \
        "dracut --force --no-hostonly --kver $release --no-early-microcode --compress zstd \
        -m 'base kernel-modules rootfs-block busybox' --add-drivers 'virtio_pci virtio_blk' \
        $work/dracut.img"
fi
