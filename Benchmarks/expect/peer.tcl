# Tcl Expect waiting for a literal on its standard input.
log_user 0
set timeout -1
set start [clock microseconds]
spawn -open stdin
expect -ex [lindex $argv 0] {} eof { puts stderr "end of file"; exit 1 }
# Expect 5.45 crashes when it ends with a borrowed descriptor open, after this line is out.
puts "[expr {([clock microseconds] - $start) / 1e6}] 0 0"
