import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import type { TrueTask, TrueWalk } from '../support/image_truth.js'
import { describeLab } from '../support/lab.js'

const TIMEOUT = 300_000
const LAB = ['lab/lab.mjs', '--memory', '512M']

const folder = mkdtempSync(join(tmpdir(), 'ksight-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describeLab('the lab', () => {
  describe('a virtual machine', { timeout: TIMEOUT }, () => {
    let vm: Vm
    beforeAll(async () => {
      vm = await boot({ kernel: '6.12', cpus: 3, memory: '600M', module: true })
    })
    afterAll(() => vm?.[Symbol.asyncDispose]())

    test('hands back output, byte by byte, and the exit code', async () => {
      const script = `
        for (let i = 0; i < 256; i++) process.stdout.write(Buffer.of(i))
        process.stderr.write(process.argv[1])
        process.exitCode = 7`
      const argument = `it's "quoted" $HOME \\ \n and more`
      const result = await vm.run(process.execPath, ['-e', script, argument])
      expect(result.exitCode).toBe(7)
      expect(result.stderr).toBe(argument)
      expect([...result.stdoutBytes]).toEqual(Array.from({ length: 256 }, (_, i) => i))
    })

    test('runs several commands at once', async () => {
      await vm.run('mkfifo', ['/run/there', '/run/back'])
      // Neither can end before the other has come as far.
      const [there, back] = await Promise.all([
        vm.run('sh', ['-c', 'echo there >/run/there; cat /run/back']),
        vm.run('sh', ['-c', 'cat /run/there; echo back >/run/back']),
      ])
      expect([there.stdout, back.stdout]).toEqual(['back\n', 'there\n'])
    })

    test('has the CPUs and the memory that were asked for, and 4-level paging', async () => {
      expect((await vm.run('nproc')).stdout).toBe('3\n')
      const { stdout } = await vm.run('grep', ['MemTotal', '/proc/meminfo'])
      const megabytes = Number(/\d+/.exec(stdout)) / 1024
      expect(megabytes).toBeGreaterThan(500)
      expect(megabytes).toBeLessThan(600)
      expect((await vm.run('grep', ['-c', 'la57', '/proc/cpuinfo'])).stdout).toBe('0\n')
    })

    test('sees the files of the host, and cannot change them', async () => {
      const { stdout } = await vm.run('cat', ['package.json'])
      expect(stdout).toBe(readFileSync('package.json', 'utf8'))
      const { exitCode } = await vm.run('touch', ['written_in_the_lab'])
      expect(exitCode).toBe(0)
      expect(existsSync('written_in_the_lab')).toBe(false)
    })

    test('ends a command that takes too long, and goes on', async () => {
      const before = performance.now()
      await vm.run('true')
      // Long enough for this machine to come as far as to write something.
      const timeout = Math.ceil(1000 + 5 * (performance.now() - before))
      const late = vm.run('sh', ['-c', 'echo so far; sleep 1234'], { timeout })
      await expect(late).rejects.toThrow(`did not end within ${timeout} ms; stdout:\nso far\n`)
      expect((await vm.run('pgrep', ['-fx', 'sleep 1234'])).stdout).toBe('')
    })

    test('starts a command that stays, and tells when it ends before it is ready', async () => {
      expect(await vm.start('sh', ['-c', 'echo one; echo ready; exec sleep 4321'])).toBe('one\n')
      expect((await vm.run('pgrep', ['-fx', 'sleep 4321'])).stdout).toMatch(/^\d+\n$/)
      const failing = vm.start('sh', ['-c', 'echo no >&2; exit 4'])
      await expect(failing).rejects.toThrow('ended with 4 before it was ready: no')
    })

    test('its module lists the tasks that ps lists', async () => {
      const script = `
        echo $$; cat /proc/ksight_lab/tasks; echo ===
        ps -eLo pid=,tid=,ppid=,uid=,euid=,nlwp=,comm=`
      // Threads of the kernel come and go: a few tries find a quiet moment.
      await vi.waitFor(
        async () => {
          const { stdout } = await vm.run('sh', ['-c', script])
          const { module, ps } = bothLists(stdout)
          expect(module).toEqual(ps)
          expect(ps.length).toBeGreaterThan(40)
        },
        { timeout: TIMEOUT / 2 },
      )
    })

    test('its module walks page tables as the hardware does, and as pagemap says', async () => {
      const script = `
        first=$(sed -n '1s/-.*//p' /proc/$$/maps)
        init_task=$(grep ' init_task$' /proc/kallsyms)
        { echo "$$ $first"; echo "0 \${init_task%% *}"; } >/proc/ksight_lab/walk
        cat /proc/ksight_lab/walk
        dd if=/proc/$$/pagemap bs=8 skip=$((0x$first / 4096)) count=1 status=none | od -An -tu8`
      const { stdout } = await vm.run('sh', ['-c', script])
      const [user = '', kernel = '', entry = ''] = stdout.split('\n')
      const [page, initTask] = [user, kernel].map((json): TrueWalk => JSON.parse(json))
      expect(BigInt(page!.physical!) >> 12n).toBe(BigInt(entry.trim()) & ((1n << 55n) - 1n))
      expect(page!.entries.map(({ level }) => level)).toEqual(['pgd', 'pud', 'pmd', 'pte'])
      // The page tables of the kernel are still there, and each entry leads to the next one.
      for (const [i, { at, value }] of initTask!.entries.entries()) {
        expect(bytesAt(vm.ram, Number(at), 8).readBigUInt64LE()).toBe(BigInt(value))
        const above = initTask!.entries[i - 1]
        if (above !== undefined) expect(BigInt(at) & ~0xfffn).toBe(tableOf(above.value))
      }
      const name = (await vm.readMemory(BigInt(initTask!.address), 8192)).indexOf('swapper/0\0')
      const task = bytesAt(vm.ram, Number(initTask!.physical), 8192)
      expect(task.indexOf('swapper/0\0')).toBe(name)
    })

    test('stops and goes on by QMP', async () => {
      await vm.qmp('stop')
      expect(await vm.qmp('query-status')).toMatchObject({ running: false })
      await vm.qmp('cont')
      expect((await vm.run('true')).exitCode).toBe(0)
      await expect(vm.qmp('nonsense')).rejects.toThrow('QEMU refuses nonsense')
    })

    test('dumps its memory as ELF, with VMCOREINFO', async () => {
      const image = join(folder, 'elf')
      await vm.dump(image)
      const notes = execFileSync('readelf', ['-n', image], { encoding: 'utf8' })
      expect(notes).toContain('VMCOREINFO')
      expect(notes.match(/NT_PRSTATUS/g)).toHaveLength(3)
      const release = (await vm.run('uname', ['-r'])).stdout.trim()
      expect(readFileSync(image).includes(`OSRELEASE=${release}\n`)).toBe(true)
    })

    test('dumps in every format that QEMU was built with', async () => {
      const { formats } = await vm.qmp('query-dump-guest-memory-capability')
      const compressed = formats.filter((format: string) => format.startsWith('kdump-'))
      expect(compressed).toContain('kdump-zlib')
      for (const format of compressed) {
        const image = join(folder, format)
        await vm.dump(image, format)
        const bytes = readFileSync(image)
        // The flattened form, and the header of the dump in its first piece.
        expect(bytes.toString('latin1', 0, 12)).toBe('makedumpfile')
        expect(bytes.toString('latin1', 4112, 4120)).toBe('KDUMP   ')
        expect(bytes.length).toBeLessThan(600 << 20)
        rmSync(image)
      }
    })

    test('dumps its RAM as it is', async () => {
      const image = join(folder, 'raw')
      await vm.dump(image, 'raw')
      expect(await vm.qmp('query-status')).toMatchObject({ running: true })
      expect(statSync(image).size).toBe(600 << 20)
      expect(noteIn(image, await noteAddress(vm))).toContain('OSRELEASE=6.12')
    })

    test('lets the host read its RAM while it runs', async () => {
      expect(noteIn(vm.ram, await noteAddress(vm))).toContain('OSRELEASE=6.12')
    })

    test('tells when its kernel panics, and can be dumped then', async () => {
      const crash = vm.run('sh', [
        '-c',
        'sh -c "echo bug >/proc/ksight_lab/crash"; echo c >/proc/sysrq-trigger',
      ])
      await expect(crash).rejects.toThrow(/guest panicked.*end Kernel panic/s)
      expect(vm.console).toMatch(/kernel BUG at .*crash\.c:\d+!.*Kernel panic - not syncing/s)
      await expect(vm.run('true')).rejects.toThrow('panicked')
      await vm.dump(join(folder, 'panic'))
      expect(readFileSync(join(folder, 'panic')).includes('kernel BUG at ')).toBe(true)
    })

    test('is gone afterwards', async () => {
      const [, process = ''] = /^(\/proc\/\d+)/.exec(vm.ram) ?? []
      expect(existsSync(process)).toBe(true)
      await vm[Symbol.asyncDispose]()
      expect(existsSync(process)).toBe(false)
      await expect(vm.run('true')).rejects.toThrow()
      await expect(vm.qmp('query-status')).rejects.toThrow('has ended')
    })
  })

  test('says what the console said if the guest does not start', { timeout: TIMEOUT }, async () => {
    const failing = boot({ kernel: '6.12', commandLine: 'rdinit=/nowhere init=/nowhere' })
    await expect(failing).rejects.toThrow(/guest panicked.*Kernel panic - not syncing/s)
  })

  test('npm run lab runs a command, and can dump after it', { timeout: TIMEOUT }, async () => {
    const image = join(folder, 'image')
    const script = 'uname -r; grep -c la57 /proc/cpuinfo; echo oops >&2; exit 3'
    const args = [
      '--kernel',
      '6.1',
      '--la57',
      '--cpus',
      '1',
      '--dump',
      image,
      '--',
      'sh',
      '-c',
      script,
    ]
    const child = spawn(process.execPath, [...LAB, ...args])
    const [stdout, stderr, [code]] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      once(child, 'close'),
    ])
    expect(stdout.join('')).toMatch(/^6\.1\.\S+\n1\n$/)
    expect(stderr.join('')).toBe('oops\n')
    expect(code).toBe(3)
    expect(readFileSync(image).toString('latin1', 1, 4)).toBe('ELF')
  })

  test('npm run lab opens a shell on the terminal', { timeout: TIMEOUT }, async () => {
    const command = `stty cols 123; '${process.execPath}' ${LAB.join(' ')}`
    const terminal = spawn('script', ['-qec', command, '/dev/null'])
    let output = ''
    let asked = false
    terminal.stdout.on('data', (text) => {
      output += text
      if (!asked && /lab:\S+# $/.test(output)) {
        asked = true
        terminal.stdin.write('tty; stty size; echo $((6 * 7)); exit 5\n')
      }
    })
    const [code] = await once(terminal, 'close')
    expect(output).toMatch(/\/dev\/ttyS0\r+\n\d+ 123\r+\n42\r+\n/)
    expect(code).toBe(5)
  })

  test('the machine does not outlive who started it', { timeout: TIMEOUT }, async () => {
    const owner = spawn(process.execPath, [...LAB, '--', 'sh', '-c', 'echo up; sleep 1000'])
    await once(owner.stdout, 'data')
    const qemu = execFileSync('pgrep', ['-P', `${owner.pid}`, 'qemu'], { encoding: 'utf8' }).trim()
    const [shared] = /\/[^,\0]*\/ksight-lab-[^,\0/]+/.exec(
      readFileSync(`/proc/${qemu}/cmdline`, 'utf8'),
    )!
    expect(existsSync(shared)).toBe(true)
    owner.kill('SIGKILL')
    await once(owner, 'close')
    await vi.waitFor(() => expect([`/proc/${qemu}`, shared].filter(existsSync)).toEqual([]), {
      timeout: TIMEOUT / 2,
    })
  })

  test.each([
    [['--kernel', '5.4'], 'no kernel 5.4: there are 6.1, 6.12'],
    [['--format', 'zip'], 'no format zip: there are elf, kdump-zlib,'],
    [['--cpus', 'many'], 'no number of CPUs: many'],
    [['--memory', '1'], 'no size of memory: 1'],
    [['--colour'], "Unknown option '--colour'"],
  ])('npm run lab -- %j is an error in one line', async (args, message) => {
    const { stdout, stderr, status } = await run(args)
    expect(stderr.split('\n')).toEqual([expect.stringContaining(`lab: ${message}`), ''])
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  test('npm run lab -- --help tells of every option', async () => {
    const { stdout, stderr, status } = await run(['--help'])
    for (const name of ['kernel', 'la57', 'cpus', 'memory', 'module', 'dump', 'format']) {
      expect(stdout).toContain(` --${name} `)
    }
    expect([stderr, status]).toEqual(['', 0])
  })
})

async function run(args: string[]) {
  const child = spawn(process.execPath, ['lab/lab.mjs', ...args])
  const [stdout, stderr, [status]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'close'),
  ])
  return { stdout: stdout.join(''), stderr: stderr.join(''), status }
}

/**
 * What the module and ps say of the same threads, in lines of the same form, without those of the
 * script itself and what it started.
 */
function bothLists(text: string) {
  const [own = '', lines = '', rows = ''] = text.split(/(?<=^\d+\n)(?=\{)|^===\n/m)
  const isOlder = (pid: number) => pid > 0 && pid < Number(own)
  const tasks = lines
    .trimEnd()
    .split('\n')
    .map((line): TrueTask => JSON.parse(line))
  const module = tasks
    .filter(({ pid }) => isOlder(pid))
    .map((task) => {
      return [task.tgid, task.pid, task.ppid, task.uid, task.euid, task.threads, task.comm].join(
        ' ',
      )
    })
  const words = rows
    .trimEnd()
    .split('\n')
    .map((row) => row.trim().split(/ +/))
  const ps = words
    .filter(([, tid]) => isOlder(Number(tid)))
    .map((row) => {
      return [...row.slice(0, 6), ownName(row.slice(6).join(' '))].join(' ')
    })
  return { module: module.sort(), ps: ps.sort() }
}

/** The name in the task_struct: ps shows longer ones of kernel threads, and what a worker does. */
function ownName(shown: string): string {
  return shown.replace(/^(kworker\/u?\d+:\w+).*/, '$1').slice(0, 15)
}

/** Where VMCOREINFO is, a physical address. */
async function noteAddress(vm: Vm): Promise<number> {
  return Number((await vm.run('cat', ['/sys/kernel/vmcoreinfo'])).stdout.split(' ')[0])
}

function noteIn(image: string, address: number): string {
  return bytesAt(image, address, 4096).toString('latin1')
}

/** The physical address of the table that an entry of a page table points to. */
function tableOf(entry: string): bigint {
  return BigInt(entry) & 0xffffffffff000n
}

function bytesAt(path: string, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, length, at)
  closeSync(file)
  return bytes
}
