import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { dPath, taskCwd, taskExe, taskRoot } from '../../src/kernel/path.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { fileOf, ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { processes, procLink, procNumbers } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** What the links of a process in /proc and kernel memory do not agree on. */
function compareLinks(kernel: Kernel, pid: number): string[] {
  const all = new Disagreements(`process ${pid}`)
  const task = kernel.findTask(pid)
  if (task === undefined) return []
  const root = kernel.findTask(process.pid)!.fs.root
  const compare = (name: string, look: () => string | undefined) => {
    const before = procLink(`${pid}/${name}`)
    const seen = look()
    const after = procLink(`${pid}/${name}`)
    if (before !== undefined && after !== undefined) all.same(name, seen, before, after)
  }
  compare('cwd', () => taskCwd(kernel, task, root))
  compare('root', () => taskRoot(kernel, task, root))
  compare('exe', () => taskExe(kernel, task, root))
  for (const fd of procNumbers(`${pid}/fd`)) {
    compare(`fd/${fd}`, () => {
      kernel.drop()
      const file = fileOf(task.$read(), fd)
      return file === null ? undefined : dPath(kernel, file.f_path, root)
    })
  }
  return all.found
}

describeLive('paths against the links of /proc', () => {
  test('every open file, directory and executable of every process', async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      found.push(...(await agreeing(5, () => compareLinks(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test('files of all kinds, and those that are gone', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    await using running = await Running.start(compile('files'), [directory.path])
    const fds = procNumbers(`${running.pid}/fd`)
    expect(fds.length).toBeGreaterThan(25)
    expect(compareLinks(kernel, running.pid)).toEqual([])
    expect(taskCwd(kernel, kernel.findTask(running.pid)!)).toMatch(/deep\/left \(deleted\)$/)
  })

  test('mounts upon mounts, a changed root, and what is outside of it', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    await using running = await Running.start(compile('mounts'), [directory.path])
    const task = kernel.findTask(running.pid)!
    expect(compareLinks(kernel, running.pid)).toEqual([])
    expect(taskRoot(kernel, task)).toBe(`${directory.path}/outer`)
    const paths = procNumbers(`${running.pid}/fd`).map((fd) => {
      return dPath(kernel, fileOf(task, fd)!.f_path)
    })
    expect(paths).toContain(`${directory.path}/outer/inner/file`)
    expect(paths).toContain(`${directory.path}/bound/other`)
    expect(paths).toContain(`${directory.path}/namespace`)
    expect(paths).toContain('/below/file')
    // As the process itself sees it, for which the path starts at its own root.
    const seenFromInside = procNumbers(`${running.pid}/fd`).map((fd) => {
      return dPath(kernel, fileOf(task, fd)!.f_path, task.fs.root)
    })
    expect(seenFromInside).toContain('/inner/file')
  })

  test('a program that was deleted while it runs', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const program = join(directory.path, 'program')
    copyFileSync(compile('creds'), program)
    await using running = await Running.start(program)
    rmSync(program)
    expect(taskExe(kernel, kernel.findTask(running.pid)!)).toBe(`${program} (deleted)`)
    expect(compareLinks(kernel, running.pid)).toEqual([])
  })

  test('kernel threads execute no program', () => {
    using kernel = openLive()
    expect(taskExe(kernel, kernel.findTask(2)!)).toBeUndefined()
  })

  test('a directory that is renamed all the time', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const names = [
      'short',
      'a name that is longer than what fits into a dentry, by a good deal',
    ] as const
    const paths = names.map((name) => join(directory.path, name))
    mkdirSync(join(paths[0]!, 'below'), { recursive: true })
    await using running = await Running.start(compile('threads'), ['0', '0', '0'], {
      cwd: join(paths[0]!, 'below'),
    })
    await using _renamer = await Running.start(compile('rename'), paths)
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 1500; i++) {
      const task = kernel.findTask(running.pid)!
      seen.add(taskCwd(kernel, task))
    }
    expect([...seen].sort()).toEqual(paths.map((path) => `${path}/below`).sort())
  })
})
