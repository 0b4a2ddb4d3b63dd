import QshRuntime
import SystemPackage
enum MachineAPI { static func module(_ s: QshServices) -> LuaModule { LuaModule("machine") } }
struct Busybox { var path: FilePath; static func find(asked: FilePath?, progress: @escaping @LoopActor (String) -> Void) async throws -> Busybox { Busybox(path: "/bin/busybox") } }
