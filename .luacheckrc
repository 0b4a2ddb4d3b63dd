-- The names of qsh's API, made by tools/reference.sh from scripts/meta.
std = "lua54"
max_line_length = 100
read_globals = {
  qsh = {
    fields = {
      arch = {
        fields = {
          list = {},
          obstacle = {},
        },
      },
      initramfs = {
        fields = {
          diff = {},
          generate = {},
          inspect = {},
          new = {},
          try_diff = {},
          try_generate = {},
          try_inspect = {},
        },
      },
      interactive = {},
      kernel = {
        fields = {
          config = {},
          find = {},
          open = {},
          try_config = {},
          try_find = {},
          try_open = {},
        },
      },
      machine = {
        fields = {
          boot = {},
          command = {},
          network = {},
          try_boot = {},
          try_write_agent = {},
          write_agent = {},
        },
      },
      nearest = {},
      now = {},
      proc = {
        fields = {
          run = {},
          try_run = {},
        },
      },
      repl = {},
      task = {
        fields = {
          all = {},
          race = {},
          sleep = {},
          spawn = {},
        },
      },
      timeout_scale = {},
      triage = {},
      try_triage = {},
      version = {},
    },
  },
}
