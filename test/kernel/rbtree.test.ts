import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { InconsistentError } from '../../src/errors.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { rbForEachEntry, rbNodes } from '../../src/kernel/rbtree.js'
import { openLive } from '../../src/live/open_live.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { fileOf } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

const EPOLL_FD = 3

/** The root of the tree of what an epoll instance watches. */
function epollRoot(kernel: Kernel, pid: number): bigint {
  const file = fileOf(kernel.findTask(pid)!, EPOLL_FD)!
  return kernel.at('eventpoll', file.private_data.$address).$addressOf('rbr.rb_root')
}

function watched(kernel: Kernel, root: bigint): UntypedView[] {
  return [...rbForEachEntry(kernel.space, root, 'epitem', 'rbn')]
}

describeLive('the red-black tree of an epoll instance', () => {
  test.each([0, 1, 2, 1000])('with %i files', async (count) => {
    using kernel = openLive()
    await using running = await Running.start(compile('epoll'), [String(count)])
    const items = watched(kernel, epollRoot(kernel, running.pid))
    const listed = procText(`${running.pid}/fdinfo/${EPOLL_FD}`)!.matchAll(/^tfd:\s*(\d+)/gm)
    // The kernel lists them in the order of the tree.
    expect(items.map((item) => item.ffd.fd)).toEqual([...listed].map((match) => Number(match[1])))
    expect(items).toHaveLength(count)
    // It is sorted by the addresses of the files, then by their descriptors.
    const keys = items.map(({ ffd }) => [ffd.file.$address as bigint, BigInt(ffd.fd)] as const)
    const ascending = [...keys].sort((a, b) => Number(a[0] - b[0] || a[1] - b[1]))
    expect(keys).toEqual(ascending)
  })

  test('while it changes: a tree that agrees with itself, or an error', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('epoll'), ['300', 'busy'])
    const fds = new Set(readdirSync(`/proc/${running.pid}/fd`).map(Number))
    const root = epollRoot(kernel, running.pid)
    let whole = 0
    for (let i = 0; i < 300; i++) {
      kernel.drop()
      try {
        const items = watched(kernel, root).map((item) => item.ffd.fd)
        expect(items.length).toBeLessThanOrEqual(300)
        expect(items.every((fd) => fds.has(fd))).toBe(true)
        expect(new Set(items).size).toBe(items.length)
        whole++
      } catch (error) {
        expect(error).toBeInstanceOf(InconsistentError)
      }
    }
    expect(whole).toBeGreaterThan(0)
  })

  test('an empty tree has no nodes', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('epoll'), ['0'])
    expect([...rbNodes(kernel.space, epollRoot(kernel, running.pid))]).toEqual([])
  })
})
