/// The run-time parts of the hooks: shell functions that ``generatedInit`` calls at their points.
enum HookScripts {
    /// Discovery, as the fallback: every device that has a driver among the image's modules.
    ///
    /// Twice, since a bus shows its devices only once its own driver is there.
    static let udev = #"""
        run_coldplug() {
            for pass in 1 2; do
                find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u |
                    xargs modprobe -q -b -a 2>/dev/null
            done
        }
        """#

    /// cryptdevice=DEVICE:NAME[:OPTIONS] and cryptkey=rootfs:PATH or DEVICE:TYPE:PATH.
    static let encrypt = #"""
        run_hook() {
            crypt=$(parameter cryptdevice)
            [ -n "$crypt" ] || return 0
            # Without udevd nobody would ever answer libdevmapper.
            export DM_DISABLE_UDEV=1
            mkdir -p -m 0700 /run/cryptsetup
            source=${crypt%%:*} name=${crypt#*:}
            options=${name#*:}
            [ "$options" != "$name" ] || options=
            name=${name%%:*}
            discard=
            case ,$options, in *,allow-discards,*) discard=--allow-discards ;; esac
            until wait_for "$source"; do fail "encrypted device $(absent "$source")"; done
            disk=$device
            key=/crypto_keyfile.bin
            word=$(parameter cryptkey)
            case $word in
            '') ;;
            rootfs:*) key=${word#rootfs:} ;;
            *)
                place=${word#*:}
                if wait_for "${word%%:*}"; then
                    mkdir -p /run/key
                    modprobe -q "${place%%:*}" 2>/dev/null
                    mount -r -t "${place%%:*}" "$device" /run/key &&
                        cp "/run/key/${place#*:}" /run/cryptsetup/key && umount /run/key
                    key=/run/cryptsetup/key
                fi
                ;;
            esac
            if [ -f "$key" ]; then
                cryptsetup open $discard --key-file "$key" "$disk" "$name" ||
                    say "the key $key does not open $disk"
            fi
            until [ -b "/dev/mapper/$name" ]; do
                cryptsetup open $discard "$disk" "$name" && break
                fail "$disk was not opened: no passphrase fitted"
            done
            rm -f /run/cryptsetup/key
        }
        """#

    /// Whole arrays at once; one that lacks a member gets three seconds for it.
    static let mdadm = #"""
        run_hook() {
            assemble() {
                mdadm --assemble --scan "$@" 2>&1 | while read -r line; do say "$line"; done
            }
            active() { grep -c '^md[^ ]* : active' /proc/mdstat; }
            arrays=$(mdadm --examine --scan 2>/dev/null | grep -c '^ARRAY')
            [ "$arrays" != 0 ] || return 0
            assemble --no-degraded
            left=3
            while [ "$(active)" -lt "$arrays" ] && [ $left -gt 0 ]; do
                left=$((left - 1))
                sleep 1
                assemble --no-degraded
            done
            if [ "$(active)" -lt "$arrays" ]; then
                say "starting what lacks members"
                for array in /dev/md?*; do
                    [ ! -b "$array" ] || mdadm --run "$array" 2>/dev/null
                done
                assemble --run
            fi
        }
        """#

    static let lvm = #"""
        run_hook() {
            export DM_DISABLE_UDEV=1
            mkdir -p /run/lvm /run/lock/lvm
            lvm vgchange --sysinit -a y 2>&1 | while read -r line; do say "$line"; done
            lvm vgmknodes >/dev/null 2>&1
        }
        """#

    static let resume = #"""
        run_hook() {
            word=$(parameter resume)
            [ -n "$word" ] && ! flag noresume || return 0
            if ! wait_for "$word"; then
                say "nothing to resume from: $(absent "$word")"
                return 0
            fi
            offset=$(parameter resume_offset)
            [ -z "$offset" ] || echo "$offset" >/sys/power/resume_offset
            stat -L -c '%t %T' "$device" | {
                read -r major minor
                # Where there is an image to resume, this does not return.
                echo "$((0x$major)):$((0x$minor))" >/sys/power/resume
            } 2>/dev/null
        }
        """#
}
