import { afterAll, beforeAll, expect, test } from 'vitest'
import { CompiledProject } from '../linux/child.js'

let project: CompiledProject
beforeAll(() => {
  project = new CompiledProject()
})
afterAll(() => project[Symbol.dispose]())

/** Each step of ksight's use of BPF: its error, or `ok`. */
const SCRIPT = `
  import { readdirSync } from 'node:fs'
  import { Assembler } from './dist/bpf/assembler.js'
  import { HELPERS } from './dist/bpf/helpers.js'
  import { BpfMap } from './dist/bpf/map.js'
  import { Program } from './dist/bpf/program.js'
  import { R0, R1, R2, R3, R10 } from './dist/bpf/registers.js'

  const result = {}
  const attempt = (step, action) => {
    try {
      action()[Symbol.dispose]()
      result[step] = 'ok'
    } catch (error) {
      result[step] = error.name + ': ' + error.message
    }
  }
  const map = { type: 'array', keySize: 4, valueSize: 8, maxEntries: 1, name: 'map' }
  attempt('map', () => BpfMap.create(map))
  const fds = readdirSync('/proc/self/fd').length
  const load = (code) => Program.load({ type: 'syscall', name: 'denied', code })
  attempt('plain', () => load(new Assembler().mov(R0, 0).exit()))
  const read = new Assembler().mov(R1, R10).add(R1, -8).mov(R2, 8).mov(R3, 0)
  attempt('read', () => load(read.call(HELPERS.probe_read_kernel).exit()))
  const callback = new Assembler().ldFunc(R1, 'f').mov(R0, 0).exit().label('f').mov(R0, 0).exit()
  attempt('btf', () => load(callback))
  result.leaked = readdirSync('/proc/self/fd').length - fds
  console.log(JSON.stringify(result))`

const NEEDS = 'it needs the capabilities CAP_BPF and CAP_PERFMON, and this process lacks'
const GRANT = `use sudo, or grant them: sudo setcap cap_bpf,cap_perfmon=ep ${process.execPath}`

const run = (...wrapper: string[]) => JSON.parse(project.run(SCRIPT, wrapper))

test('root has what it takes', () => {
  expect(run()).toEqual({ map: 'ok', plain: 'ok', read: 'ok', btf: 'ok', leaked: 0 })
})

test('without any capability, the two that are missing are named', () => {
  const denied = (what: string) => {
    return `PermissionError: ${what}: ${NEEDS} CAP_BPF and CAP_PERFMON: ${GRANT}`
  }
  const user = ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps=-all']
  expect(run(...user)).toEqual({
    map: denied('bpf BPF_MAP_CREATE'),
    plain: denied('bpf BPF_PROG_LOAD'),
    read: denied('bpf BPF_PROG_LOAD'),
    btf: denied('bpf BPF_BTF_LOAD'),
    leaked: 0,
  })
})

test('with CAP_BPF alone, the helper that reads memory is what fails', () => {
  const read = `PermissionError: BPF program denied: ${NEEDS} CAP_PERFMON: ${GRANT}`
  const bpfOnly = ['setpriv', '--inh-caps=-all', '--bounding-set=-all,+bpf']
  expect(run(...bpfOnly)).toEqual({ map: 'ok', plain: 'ok', read, btf: 'ok', leaked: 0 })
})

test('the two capabilities are enough', () => {
  const both = ['setpriv', '--inh-caps=-all', '--bounding-set=-all,+bpf,+perfmon']
  expect(run(...both)).toEqual({ map: 'ok', plain: 'ok', read: 'ok', btf: 'ok', leaked: 0 })
})

test('in a user namespace they do not count', () => {
  const why = 'CAP_BPF and CAP_PERFMON count only in the initial user namespace'
  const todo = 'run ksight on the host, outside of the container'
  expect(run('unshare', '-r').map).toBe(`PermissionError: bpf BPF_MAP_CREATE: ${why}: ${todo}`)
})

/** Runs a command where bpf(2) fails with an errno: a seccomp filter of four instructions. */
function filtered(errno: number): string[] {
  const filter = `
import ctypes, os, struct, sys
BPF = 321 if os.uname().machine == 'x86_64' else 280
code = [(0x20, 0, 0, 0), (0x15, 0, 1, BPF), (0x06, 0, 0, 0x50000 | ${errno}), (0x06, 0, 0, 0x7fff0000)]
insns = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *c) for c in code))
program = struct.pack('HxxxxxxQ', len(code), ctypes.addressof(insns))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0): sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])`
  return ['python3', '-c', filter]
}

test('a seccomp filter that refuses bpf(2) is named', () => {
  const why = 'a seccomp filter, perhaps that of a container, refuses it'
  const todo = 'allow bpf(2) in the seccomp profile, or run ksight on the host'
  expect(run(...filtered(1)).map).toBe(`PermissionError: bpf BPF_MAP_CREATE: ${why}: ${todo}`)
})

test('a kernel without bpf(2) is named', () => {
  expect(run(...filtered(38)).map).toBe(
    'UnsupportedError: bpf BPF_MAP_CREATE: this kernel has no bpf(2): use a kernel with CONFIG_BPF_SYSCALL=y, or a memory image',
  )
})
