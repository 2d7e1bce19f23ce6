import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FaultError, NotFoundError, UsageError } from '../../src/errors.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { Pointer } from '../../src/object/pointer.js'
import { fileOf, ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { processes, procStatus, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** A bit of `nonagle`, which has four. */
const TCP_NAGLE_OFF = 1

const UNLIMITED = 2n ** 64n - 1n

/** A program with sockets and files of which the options are known. */
async function withSockets(
  use: (kernel: Kernel, task: UntypedView, file: string) => void | Promise<void>,
): Promise<void> {
  using kernel = openLive()
  using directory = new ScratchDirectory()
  const file = join(directory.path, 'file')
  writeFileSync(file, 'x'.repeat(12345))
  await using running = await Running.start(compile('sockets'), [file])
  await use(kernel, kernel.findTask(running.pid)!, file)
}

function tcpSock(kernel: Kernel, task: UntypedView, fd: number): UntypedView {
  const socket = kernel.at('socket', fileOf(task, fd)!.private_data.$address)
  return kernel.at('tcp_sock', socket.sk.$address)
}

describeLive('members of real objects', () => {
  test('strings: the names of the system against uname', () => {
    using kernel = openLive()
    const { name } = kernel.findTask(process.pid)!.nsproxy.uts_ns
    const uname = (option: string) => execFileSync('uname', [option], { encoding: 'utf8' }).trim()
    expect(name.sysname).toBe(uname('-s'))
    expect(name.nodename).toBe(uname('-n'))
    expect(name.release).toBe(uname('-r'))
    expect(name.version).toBe(uname('-v'))
    expect(name.machine).toBe(uname('-m'))
  })

  test('an array of structs: resource limits against /proc', async () => {
    using kernel = openLive()
    const limits = ['--nofile=123:456', '--core=0:unlimited', '--as=77777777777:88888888888']
    await using running = await Running.start('prlimit', [...limits, compile('spin')])
    const { rlim } = kernel.findTask(running.pid)!.signal
    const seen = rlim.map((limit: UntypedView) => [limit.rlim_cur, limit.rlim_max])
    // In the order of the kernel's numbers, not of the lines.
    const order = [
      'cpu time',
      'file size',
      'data size',
      'stack size',
      'core file size',
      'resident set',
    ]
    order.push('processes', 'open files', 'locked memory', 'address space', 'file locks')
    order.push(
      'pending signals',
      'msgqueue size',
      'nice priority',
      'realtime priority',
      'realtime timeout',
    )
    const text = procText(`${running.pid}/limits`)!
    const expected = order.map((name) => {
      const [, soft, hard] = new RegExp(`^Max ${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(text)!
      return [soft, hard].map((limit) => (limit === 'unlimited' ? UNLIMITED : BigInt(limit!)))
    })
    expect(seen).toEqual(expected)
    expect(seen[7]).toEqual([123n, 456n])
  })

  test('an array of integers: the auxiliary vector against /proc', () => {
    using kernel = openLive()
    const bytes = readFileSync('/proc/self/auxv')
    const words = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readBigUInt64LE(i * 8))
    const { saved_auxv } = kernel.findTask(process.pid)!.mm
    expect(saved_auxv.slice(0, words.length)).toEqual(words)
  })

  test('signed integers of two bytes: the score of the OOM killer', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('spin'))
    const task = kernel.findTask(running.pid)!
    for (const score of [0, 500, 1000]) {
      writeFileSync(`/proc/${running.pid}/oom_score_adj`, String(score))
      expect(task.signal.$read().oom_score_adj).toBe(score)
    }
    expect(task.exit_signal).toBe(17)
    // Threads have -1 there.
    const [worker] = [...kernel.forEachThread(kernel.findTask(process.pid)!)].slice(1)
    expect(worker!.exit_signal).toBe(-1)
  })

  test('pointers to functions: how signals are handled, against /proc', () => {
    using kernel = openLive()
    for (const pid of processes()) {
      const task = kernel.findTask(pid)
      const status = procStatus(pid)
      if (task === undefined || status === undefined || task.sighand === null) continue
      let ignored = 0n
      let caught = 0n
      task.sighand.action.forEach(({ sa }: UntypedView, i: number) => {
        if (sa.sa_handler === null) return
        expect(sa.sa_handler).toBeInstanceOf(Pointer)
        if (sa.sa_handler.$address === 1n) ignored |= 1n << BigInt(i)
        else caught |= 1n << BigInt(i)
      })
      if (procStatus(pid)?.get('SigCgt') !== status.get('SigCgt')) continue
      expect([pid, ignored]).toEqual([pid, BigInt(`0x${status.get('SigIgn')}`)])
      expect([pid, caught]).toEqual([pid, BigInt(`0x${status.get('SigCgt')}`)])
    }
  })

  test('bit-fields: the options of sockets', async () => {
    await withSockets((kernel, task) => {
      const options = (fd: number) => {
        const sock = tcpSock(kernel, task, fd)
        const { skc_reuse, skc_reuseport, skc_ipv6only } = sock.inet_conn.icsk_inet.sk.__sk_common
        return [skc_reuse, skc_reuseport, skc_ipv6only, sock.nonagle & TCP_NAGLE_OFF]
      }
      expect(options(3)).toEqual([1, 1, 1, 1])
      expect(options(4)).toEqual([0, 0, 0, 0])
      expect(tcpSock(kernel, task, 3).keepalive_probes).toBe(77)
      expect(task.signal.is_child_subreaper).toBe(1)
      expect(task.real_parent.signal.is_child_subreaper).toBe(0)
    })
  })

  test('bit-fields: a task that resets its scheduling when it forks', async () => {
    using kernel = openLive()
    await using running = await Running.start('chrt', [
      '--reset-on-fork',
      '-f',
      '1',
      compile('creds'),
    ])
    const task = kernel.findTask(running.pid)!
    expect(task.sched_reset_on_fork).toBe(1)
    expect(task.real_parent.sched_reset_on_fork).toBe(0)
  })

  test('unions and integers of all sizes: an inode against stat(2)', async () => {
    await withSockets((_kernel, task, path) => {
      const stat = statSync(path, { bigint: true })
      const inode = fileOf(task, 7)!.f_inode
      expect(inode.i_ino).toBe(stat.ino)
      expect(inode.i_size).toBe(stat.size)
      expect(BigInt(inode.i_mode)).toBe(stat.mode)
      expect(BigInt(inode.i_uid.val)).toBe(stat.uid)
      // Members of one anonymous union.
      expect(BigInt(inode.i_nlink)).toBe(stat.nlink)
      expect(inode.__i_nlink).toBe(inode.i_nlink)
      expect(inode.$offsetOf('__i_nlink')).toBe(inode.$offsetOf('i_nlink'))
      expect(inode.i_sb.s_root.d_parent.$address).toBe(inode.i_sb.s_root.$address)
      expect(BigInt(inode.i_sb.s_dev >>> 20)).toBe(stat.dev >> 8n)
      // A pipe has that member of the union that a file has not.
      expect(fileOf(task, 5)!.f_inode.i_pipe.max_usage * 4096).toBe(32768)
    })
  })

  test('enums have names', async () => {
    await withSockets((_kernel, task) => {
      const file = fileOf(task, 7)!
      const { f_inode } = file
      expect(f_inode.i_write_hint).toBe(2)
      // The hint of an inode is an enum since Linux 6.8; before, that of a file was.
      if (file.$has('f_write_hint')) {
        expect(file.$enumName('f_write_hint')).toBe('WRITE_LIFE_NOT_SET')
      } else expect(f_inode.$enumName('i_write_hint')).toBe('WRITE_LIFE_SHORT')
      expect(f_inode.$enumName('i_size')).toBeUndefined()
    })
  })

  test('booleans', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), ['1'])
    const child = [...kernel.forEachProcess()].find((task) => {
      return task.real_parent.pid === running.pid && task.tgid !== running.pid
    })!
    expect(child.cred.user_ns.parent_could_setfcap).toBe(true)
    expect(kernel.initTask.cred.user_ns.parent_could_setfcap).toBe(false)
  })

  test('pointers: NULL, to strings, to pointers', async () => {
    await withSockets((kernel, task) => {
      expect(kernel.findTask(2)!.mm).toBeNull()
      expect(fileOf(task, 3)!.f_inode.i_sb.s_type.name.$string()).toBe('sockfs')
      const table: Pointer<UntypedView | null> = task.files.fdt.fd
      expect(table.$at(0)!.$address).toBe(table.$target!.$address)
      expect(table.$at(task.files.fdt.max_fds - 1)).toBeNull()
      const second = new Pointer(kernel.space, table.$address + 8n, table.$typeId)
      expect((second.$target as UntypedView).$address).toBe(table.$at(1)!.$address)
    })
  })
})

describeLive('a view', () => {
  test('is a copy: its members stay as they were until it is read again', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('spin'))
    const view = kernel.findTask(running.pid)!
    const first = view.se.sum_exec_runtime
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(view.se.sum_exec_runtime).toBe(first)
    expect(view.$read().se.sum_exec_runtime).toBeGreaterThan(first)
    expect(view.se.sum_exec_runtime).toBe(first)
  })

  test('knows its type, its address and the places of its members', () => {
    using kernel = openLive()
    const task = kernel.findTask(process.pid)!
    expect(task.$type.name).toBe('task_struct')
    expect(task.$bytes.length).toBe(task.$size)
    expect(task.$addressOf('se.run_node')).toBe(task.se.run_node.$address)
    expect(task.$offsetOf('pid_links[2].pprev') - task.$offsetOf('pid_links[0]')).toBe(40)
    expect(task.$get('signal.rlim[7].rlim_cur')).toBe(task.signal.rlim[7].rlim_cur)
    expect(kernel.findTask(2)!.$get('mm.pgd')).toBeNull()
    expect(task.$has('comm')).toBe(true)
    expect(task.$has('com')).toBe(false)
  })

  test('names what is wrong with a member', () => {
    using kernel = openLive()
    const task = kernel.findTask(process.pid)!
    expect(() => task.$get('com')).toThrow(/no member com: .*: did you mean comm/)
    expect(() => task.$offsetOf('mm.pgd')).toThrow(UsageError)
    expect(() => task.$get('comm.length')).toThrow(NotFoundError)
    expect(() => task.$get('signal.rlim[16]')).toThrow(UsageError)
    expect(() => task.$get('pid[0]')).toThrow(UsageError)
    expect(() => kernel.at('task_strukt', 0n)).toThrow(/did you mean task_struct/)
  })

  test('where nothing is, is a fault with the address', () => {
    using kernel = openLive()
    for (const address of [0n, 0x10n, 0x7fff_ffff_f000n, 0x8000_0000_0000_0000n]) {
      try {
        void kernel.at('task_struct', address).pid
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(FaultError)
        expect((error as FaultError).address).toBe(address)
      }
    }
    const [good, bad] = kernel.space.manyAt('task_struct', [kernel.initTask.$address, 0x10n])
    expect(good!.comm).toMatch(/^swapper/)
    expect(() => bad!.comm).toThrow(FaultError)
  })

  test('every member of many kinds of objects can be taken', () => {
    using kernel = openLive()
    const task = kernel.findTask(process.pid)!
    const objects = [task, task.mm, task.signal, task.sighand, task.files, task.fs, task.nsproxy]
    objects.push(task.cgroups, task.mm.exe_file, task.mm.exe_file.f_inode, task.nsproxy.net_ns)
    objects.push(task.mm.exe_file.f_inode.i_sb, task.cred.user_ns, kernel.perCpu('runqueues', 0))
    let members = 0
    for (const object of objects) members += touch(object, 2)
    expect(members).toBeGreaterThan(3000)
  })
})

/** Reads every member of a struct and of the structs within it; gives how many they are. */
function touch(view: UntypedView, depth: number): number {
  let count = 0
  for (const { name } of view.$space.btf.flatMembers(view.$type)) {
    const value: unknown = view[name]
    count++
    const isWithin = value !== null && typeof value === 'object' && '$bytes' in value && depth > 0
    if (isWithin && contains(view, value as UntypedView))
      count += touch(value as UntypedView, depth - 1)
  }
  return count
}

function contains(outer: UntypedView, inner: UntypedView): boolean {
  const offset = inner.$address - outer.$address
  return offset >= 0n && offset < BigInt(outer.$size)
}
