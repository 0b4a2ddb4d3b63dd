# Tcl Expect exchanging lines with a peer, over a pipe each way.
# usage: exchange.tcl PEER COUNT; prints seconds, 0, exchanges.
log_user 0
set timeout 60
spawn -open [open "|[lindex $argv 0]" r+]
set count [lindex $argv 1]
for {set number -1} {$number < $count} {incr number} {
    if {$number == 0} { set start [clock microseconds] }
    send -- "ask $number\n"
    expect -ex "answer ask $number" {} timeout { exit 1 }
}
puts "[expr {([clock microseconds] - $start) / 1e6}] 0 $count"
