# For gdb: prints a line of JSON for each thread: its registers, and its frames as gdb unwinds them.
import json
import gdb

REGISTERS = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()


def value(frame, register):
    try:
        return hex(int(frame.read_register(register)) & (2**64 - 1))
    except (gdb.error, ValueError):
        return None


def symbol(address):
    """The name and the offset that gdb finds in a file's own symbols; None for none."""
    text = gdb.execute("info symbol %#x" % address, False, True)
    if text.startswith("No symbol"):
        return None
    words = text.split(" in section ")[0].split(" + ")
    return [words[0], int(words[1]) if len(words) > 1 else 0]


def frames():
    """Those that are on the stack: not functions that are inlined, or that ended with a jump."""
    frame = gdb.newest_frame()
    called = False
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            at = frame.pc() - 1 if called else frame.pc()
            yield {
                "pc": hex(frame.pc()),
                "signal": frame.type() == gdb.SIGTRAMP_FRAME,
                "symbol": symbol(at),
                "saved": {r: value(frame, r) for r in ["rsp", "rbx", "rbp", "r12", "r13", "r14", "r15"]},
            }
            called = frame.type() != gdb.SIGTRAMP_FRAME
        try:
            frame = frame.older()
        except gdb.error:
            return


def registers():
    return {r: value(gdb.newest_frame(), r) for r in REGISTERS}


def every_thread():
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        print("FRAMES " + json.dumps({"tid": thread.ptid[1], "registers": registers(), "frames": list(frames())}))


def steps(count, below, above):
    """One instruction after the other, with what is on the stack."""
    maps = open("/proc/%d/maps" % gdb.selected_inferior().pid).read()
    top = next(int(line.split()[0].split("-")[1], 16) for line in maps.splitlines() if "[stack]" in line)
    for _ in range(count):
        here = registers()
        start = int(here["rsp"], 16) - below
        end = min(start + below + above, top)
        memory = gdb.selected_inferior().read_memory(start, end - start).tobytes().hex()
        line = {"registers": here, "start": hex(start), "stack": memory, "maps": maps, "frames": list(frames())}
        print("FRAMES " + json.dumps(line))
        gdb.execute("stepi", False, True)


gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("set print demangle off")
