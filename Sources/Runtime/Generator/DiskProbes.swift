/// Shell functions that read what a disk is from its own bytes: busybox has no blkid in every
/// build, and kernels before 6.7 do not tell partitions' UUIDs.
let diskProbes = #"""
    # hex DEVICE OFFSET COUNT: bytes in hexadecimal.
    hex() { dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | hexdump -ve '1/1 "%02x"'; }

    # little HEX: a little-endian number in hexadecimal, its highest byte first.
    little() {
        rest=$1 turned=
        while [ -n "$rest" ]; do
            turned=$(printf %.2s "$rest")$turned
            rest=${rest#??}
        done
        echo "$turned"
    }

    # file_system DEVICE: its type, by the kernel's name, from the magic numbers of
    # include/uapi/linux/magic.h.
    file_system() {
        case $(hex "$1" 1080 2) in 53ef) echo ext4 && return ;; esac
        case $(hex "$1" 0 4) in
        58465342) echo xfs && return ;;
        68737173) echo squashfs && return ;;
        esac
        case $(hex "$1" 1024 4) in
        1020f5f2) echo f2fs && return ;;
        e2e1f5e0) echo erofs && return ;;
        esac
        case $(hex "$1" 65600 8) in 5f42485266535f4d) echo btrfs && return ;; esac
        case $(hex "$1" 32769 5) in 4344303031) echo iso9660 && return ;; esac
        case $(hex "$1" 82 5)-$(hex "$1" 54 3) in 4641543332-* | *-464154) echo vfat ;; esac
    }

    # partition_id NAME: the UUID of a partition such as vda1, from its disk's table: GPT (UEFI
    # specification, 5.3) or, as the kernel makes one up for it, MBR.
    partition_id() {
        place=/sys/class/block/$1
        read -r number <"$place/partition" || return
        disk=/dev/$(sed -n 's/^DEVNAME=//p' "$place/../uevent")
        read -r block <"$place/../queue/logical_block_size"
        if [ "$(hex "$disk" "$block" 8)" = 4546492050415254 ]; then
            table=$((0x$(little "$(hex "$disk" $((block + 72)) 8)")))
            row=$((0x$(little "$(hex "$disk" $((block + 84)) 4)")))
            hex "$disk" $((table * block + (number - 1) * row + 16)) 16 | sed '
                s/\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)/\4\3\2\1-\6\5-\8\7-/
                s/\(....\)\(............\)$/\1-\2/'
        else
            printf '%s-%02x\n' "$(little "$(hex "$disk" 440 4)")" "$number"
        fi
    }
    """#
