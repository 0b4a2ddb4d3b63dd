# What qsh needs from the distribution, and how to get it. Sourced by ./boot and ./test.
#
# The names are Debian's; other package managers are told their own and left to the user.

# The compiler's own needs and the C libraries that qsh links.
build_packages="g++ libcurl4 libxml2 libsqlite3-0 libncurses6 pkg-config \
liblua5.4-dev libedit-dev zlib1g-dev libbz2-dev liblzma-dev liblz4-dev libzstd-dev liblzo2-dev libxxhash-dev"
# What a boot runs. The kernel and busybox are fetched by qsh itself, into its cache.
boot_packages="qemu-system-x86"
# What building a kernel needs: the tests build a small one.
kernel_packages="make gcc libc6-dev flex bison bc libelf-dev libssl-dev kmod git bzip2"
# What the tests compare against.
test_packages="tmux qemu-system-arm lua5.4 lua-cjson lua-lpeg lua-check cpio busybox-static \
xz-utils zstd gzip lzop e2fsprogs cryptsetup-bin gcc-aarch64-linux-gnu libncurses-dev"
# QEMU for the other architectures of scripts/matrix.lua: without one, its row is skipped.
matrix_packages="qemu-system-misc qemu-system-ppc qemu-system-mips"

say() { printf 'qsh: %s\n' "$*" >&2; }

# require_packages NAME...: returns when all are installed, or explains and exits with 69.
require_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        name_other_packages
        return 0
    fi
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            say "error: cannot install$missing: not root, and no sudo"
            say "hint: as root, run: apt-get install --no-install-recommends$missing"
            exit 69
        }
        as_root=sudo
    fi
    say "installing with apt:$missing"
    # shellcheck disable=SC2086 # a list of words
    apt_install $missing || { $as_root apt-get update -qq && apt_install $missing; } || {
        say "error: apt could not install:$missing"
        exit 69
    }
}

# wish_packages NAME...: installs what can be had, and says what cannot.
wish_packages() {
    command -v apt-get >/dev/null || return 0
    for package in "$@"; do
        (require_packages "$package") || say "going on without $package"
    done
}

apt_install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Where there is no apt, the user installs; a marker would lie, so ask pkg-config each time.
name_other_packages() {
    if pkg-config --exists lua5.4 libedit liblzma libzstd liblz4 2>/dev/null &&
        command -v qemu-system-x86_64 >/dev/null; then
        return 0
    fi
    say "error: packages are missing, and this system has no apt"
    if command -v dnf >/dev/null; then
        say "hint: dnf install gcc-c++ pkgconf lua-devel libedit-devel zlib-devel bzip2-devel \
xz-devel lz4-devel libzstd-devel lzo-devel xxhash-devel qemu-system-x86-core busybox cpio"
    elif command -v pacman >/dev/null; then
        say "hint: pacman -S --needed gcc pkgconf lua54 libedit zlib bzip2 xz lz4 zstd lzo \
xxhash qemu-system-x86 busybox cpio"
    elif command -v zypper >/dev/null; then
        say "hint: zypper install gcc-c++ pkgconf lua54-devel libedit-devel zlib-devel \
libbz2-devel xz-devel liblz4-devel libzstd-devel lzo-devel xxhash-devel qemu-x86 busybox-static cpio"
    else
        say "hint: install Lua 5.4, libedit, zlib, bzip2, xz, lz4, zstd and lzo with their \
headers, pkg-config, a C++ compiler and QEMU for x86_64"
    fi
    exit 69
}

# require_swift: the toolchain cannot be had from a package manager.
require_swift() {
    command -v swift >/dev/null || {
        say "error: no \`swift\` on PATH: qsh is built with the Swift $(cat .swift-version) toolchain"
        say "hint: install it from https://www.swift.org/install and put its bin folder on PATH"
        exit 69
    }
}
