// What a guest is asked: everything in one program, because starting Node takes an emulated machine
// seconds. Prints JSON, with 64-bit numbers in decimal.
import { openLive } from '../../../src/live/open_live.js'
import { readFacts } from './facts.js'
import { findFaults } from './faults.js'
import { compareBytes } from './same_bytes.js'
import { listTasks } from './tasks.js'

using bpf = openLive({ via: 'bpf' })
using kcore = openLive({ via: 'kcore' })

const answers = {
  tasks: listTasks(bpf),
  facts: { bpf: readFacts(bpf), kcore: readFacts(kcore) },
  faults: { bpf: findFaults(bpf), kcore: findFaults(kcore) },
  bytes: compareBytes(bpf, kcore),
}
console.log(JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))

export type Answers = Printed<typeof answers>

type Printed<T> = T extends bigint
  ? string
  : T extends object
    ? { [Key in keyof T]: Printed<T[Key]> }
    : T
