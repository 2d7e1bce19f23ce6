import { expect, test } from 'vitest'
import { hlistForEachEntry, listEmpty, listForEachEntry, listNodes } from '../../src/kernel/list.js'
import { forEachChild, forEachSibling, taskPgrp, taskSession } from '../../src/kernel/relations.js'
import { openLive } from '../../src/live/open_live.js'
import { containerOf } from '../../src/object/container_of.js'
import { describeLive } from '../support/live.js'
import { numbers, processes, procStat, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** The processes whose stat has a number in a field, by pid. */
function processesWith(field: number, value: number): number[] {
  return processes().filter((pid) => procStat(pid)?.int(field) === value)
}

const PGRP = 5
const SESSION = 6

describeLive('lists', () => {
  test('forward and backward', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('states'))
    const parent = kernel.findTask(running.pid)!
    const children = numbers(procText(`${running.pid}/task/${running.pid}/children`))
    expect(children).toHaveLength(6)
    const head = parent.$addressOf('children')
    const forward = [...listForEachEntry(kernel.space, head, 'task_struct', 'sibling')]
    const backward = [...listForEachEntry(kernel.space, head, 'task_struct', 'sibling', 'backward')]
    expect(forward.map((task) => task.pid)).toEqual(children)
    expect(backward.map((task) => task.pid)).toEqual([...children].reverse())
    const siblings = [...forEachSibling(forward[2]!)].map((task) => task.pid)
    expect(siblings).toEqual(children.filter((pid) => pid !== children[2]))
  })

  test('a head by itself is an empty list', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('states'))
    const parent = kernel.findTask(running.pid)!
    const [child] = [...forEachChild(parent)]
    expect(listEmpty(kernel.space, parent.$addressOf('children'))).toBe(false)
    expect(listEmpty(kernel.space, child!.$addressOf('children'))).toBe(true)
    expect([...listNodes(kernel.space, child!.$addressOf('children'))]).toEqual([])
  })

  test('a node leads to the struct that holds it', () => {
    using kernel = openLive()
    const self = kernel.findTask(process.pid)!
    const node = self.$addressOf('tasks')
    expect(containerOf(kernel.space, node, 'task_struct', 'tasks').pid).toBe(process.pid)
    expect(kernel.containerOf(self.tasks, 'task_struct', 'tasks').pid).toBe(process.pid)
    expect(kernel.containerOf(self.se.run_node, 'task_struct', 'se.run_node').pid).toBe(process.pid)
  })
})

describeLive('the hlists of a pid', () => {
  test('list the members of a process group and of a session', async () => {
    using kernel = openLive()
    // The shell has a session of its own, and the program and its children a group of their own.
    const script = 'set -m; "$0" & wait'
    await using shell = await Running.start('setsid', [
      '--wait',
      'bash',
      '-c',
      script,
      compile('states'),
    ])
    const [session] =
      processesWith(SESSION, shell.pid).length > 0 ? [shell.pid] : processesOf(shell.pid)
    const members = processesWith(SESSION, session!)
    expect(members.length).toBeGreaterThanOrEqual(8)
    const group = procStat(members.at(-1)!)!.int(PGRP)
    expect(group).not.toBe(session)

    const task = kernel.findTask(members.at(-1)!)!
    const pidsOn = (pid: { $addressOf(path: string): bigint }, type: number) => {
      const head = pid.$addressOf(`tasks[${type}]`)
      const tasks = hlistForEachEntry(kernel.space, head, 'task_struct', `pid_links[${type}]`)
      return [...tasks].map((member) => member.pid as number).sort((a, b) => a - b)
    }
    expect(pidsOn(taskPgrp(task)!, 2)).toEqual(processesWith(PGRP, group))
    expect(pidsOn(taskSession(task)!, 3)).toEqual(members)
    expect(pidsOn(task.thread_pid, 0)).toEqual([task.pid])
  })
})

function processesOf(pid: number): number[] {
  return numbers(procText(`${pid}/task/${pid}/children`))
}
