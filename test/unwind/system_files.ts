import { execFileSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Libraries with much, or with unusual, call frame information, as far as they are installed. */
const LIBRARIES =
  /\/(libc\.so\.6|ld-linux.*|libcrypto\.so\.\d|libssl\.so\.\d|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libm\.so\.6|libpython3.*)$/

/** Their paths, and that of a Python, if there is one. */
export function sharedLibraries(): string[] {
  const list = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  const paths = list.split('\n').map((line) => line.split(' => ')[1] ?? '')
  return [...new Set(paths.filter((path) => LIBRARIES.test(path))), ...python()]
}

function python(): string[] {
  try {
    const print = 'import sys, os; print(os.path.realpath(sys.executable))'
    return [execFileSync('python3', ['-c', print], { encoding: 'utf8' }).trim()]
  } catch {
    return []
  }
}

/** The bytes of the vdso of this process, as a file. */
export function vdsoFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ksight-vdso-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'vdso.so')
  writeFileSync(path, vdsoBytes())
  return path
}

function vdsoBytes(): Uint8Array {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(maps)!
  const from = Number.parseInt(start!, 16)
  const bytes = new Uint8Array(Number.parseInt(end!, 16) - from)
  readSync(openSync('/proc/self/mem', 'r'), bytes, 0, bytes.length, from)
  return bytes
}
