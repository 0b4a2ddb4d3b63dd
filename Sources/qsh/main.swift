import QshRuntime

print("qsh")
