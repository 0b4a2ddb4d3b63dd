std = "lua54"
read_globals = { "qsh" }
max_line_length = 100
