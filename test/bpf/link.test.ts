import { readdirSync, readlinkSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { taskPointers } from './task_pointers.js'

/** Every thread in /proc, as `tgid/pid`. */
function threads(): Set<string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Set(pids.filter(isInspectable).flatMap(threadsOf))
}

/** Some systems hide a process of theirs even from root, in /proc and in iterators. */
function isInspectable(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES'
  }
}

function threadsOf(tgid: string): string[] {
  try {
    return readdirSync(`/proc/${tgid}/task`).map((pid) => `${tgid}/${pid}`)
  } catch {
    return []
  }
}

test('a task iterator goes through exactly the threads of /proc', () => {
  const before = threads()
  const iterated = new Set(taskPointers().map(({ tgid, pid }) => `${tgid}/${pid}`))
  const after = threads()
  expect(iterated.size).toBeGreaterThan(50)
  // What started or ended meanwhile may be in either.
  const lasting = [...before].filter((thread) => after.has(thread))
  expect(lasting.filter((thread) => !iterated.has(thread))).toEqual([])
  const unknown = [...iterated].filter((thread) => !before.has(thread) && !after.has(thread))
  expect(unknown).toEqual([])
})

test('a task iterator can be limited to a process or a thread', async () => {
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
  await new Promise((online) => worker.once('online', online))
  try {
    const own = threadsOf(`${process.pid}`)
    const ofProcess = taskPointers({ pid: process.pid })
    expect(ofProcess.map(({ tgid, pid }) => `${tgid}/${pid}`).sort()).toEqual(own.sort())
    const last = ofProcess.at(-1)!
    expect(taskPointers({ tid: last.pid })).toEqual([last])
  } finally {
    await worker.terminate()
  }
})

test('one that is limited to a process that does not exist gives nothing', () => {
  expect(taskPointers({ pid: 2 ** 22 + 1 })).toEqual([])
})
