import QshRuntime
