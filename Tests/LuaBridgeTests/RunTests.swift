import LuaBridge
import QshRuntime
import TestSupport
import Testing

@Suite struct RunTests {
    init() { TestLoop.start() }

    @Test @LoopActor func returnsTheResultsOfTheChunk() async throws {
        let state = try LuaState()

        let results = try await state.run(LuaChunk("return 1, 'two', nil, 4.5", name: "t.lua"))

        #expect(results == [1, "two", nil, 4.5])
        await state.close()
    }
}
