import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { describeLab } from '../support/lab.js'

const TIMEOUT = 180_000
const LAB = ['lab/lab.mjs', '--memory', '512M']

const folder = mkdtempSync(join(tmpdir(), 'ksight-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describeLab('the lab', () => {
  describe('a virtual machine', { timeout: TIMEOUT }, () => {
    let vm: Vm
    beforeAll(async () => {
      vm = await boot({ kernel: '6.12', cpus: 3, memory: '600M' })
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
      const numbers = ['1', '2', '3', '4', '5']
      const results = await Promise.all(
        numbers.map((n) => vm.run('sh', ['-c', `sleep 1; echo ${n}`])),
      )
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(numbers)
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
      const late = vm.run('sh', ['-c', 'echo so far; sleep 1234'], { timeout: 1000 })
      await expect(late).rejects.toThrow(/did not end within 1000 ms; stdout:\nso far\n/)
      expect((await vm.run('pgrep', ['-f', 'sleep 1234'])).stdout).toBe('')
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
      }
    })

    test('lets the host read its RAM while it runs', async () => {
      const { stdout } = await vm.run('cat', ['/sys/kernel/vmcoreinfo'])
      const address = Number(stdout.split(' ')[0])
      const note = readFileSync(vm.ram).subarray(address, address + 4096)
      expect(note.toString('latin1')).toContain('OSRELEASE=6.12')
    })

    test('tells when its kernel panics, and can be dumped then', async () => {
      const crash = vm.run('sh', ['-c', 'echo c >/proc/sysrq-trigger'])
      await expect(crash).rejects.toThrow(/guest panicked.*sysrq triggered crash/s)
      await expect(vm.run('true')).rejects.toThrow('panicked')
      await vm.dump(join(folder, 'panic'))
      expect(readFileSync(join(folder, 'panic')).includes('sysrq triggered crash')).toBe(true)
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
    terminal.stdout.on('data', (text) => {
      if (!output.includes('# ') && `${output}${text}`.includes('# ')) {
        terminal.stdin.write('tty; stty size; echo $((6 * 7)); exit 5\n')
      }
      output += text
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
    const remains = () => existsSync(`/proc/${qemu}`) || existsSync(shared)
    for (let i = 0; i < 200 && remains(); i++) await sleep(50)
    expect(remains()).toBe(false)
  })

  test('an unknown kernel is an error', async () => {
    const { stderr, status } = await run(['--kernel', '5.4'])
    expect(stderr).toBe('lab: no kernel 5.4: there are 6.1, 6.12\n')
    expect(status).toBe(1)
  })
})

async function run(args: string[]) {
  const child = spawn(process.execPath, [...LAB, ...args])
  const [stderr, [status]] = await Promise.all([child.stderr.toArray(), once(child, 'close')])
  return { stderr: stderr.join(''), status }
}
