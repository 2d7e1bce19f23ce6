import type { Duplex } from 'node:stream'

/** As much of GDB's remote protocol as it takes to set registers. */
export class Gdb {
  private received = ''
  private waiting: ((packet: string) => void) | undefined

  constructor(private readonly stream: Duplex) {
    stream.setEncoding('latin1')
    stream.on('data', (text: string) => this.take(text))
    stream.on('error', () => {})
  }

  /** QEMU lets registers be written one by one only after its description of them was read. */
  async begin(): Promise<void> {
    await this.request('qXfer:features:read:target.xml:0,fff')
  }

  /** Writes a register, by its number in QEMU's description of the processor. */
  async setRegister(number: number, value: bigint, bytes: 4 | 8): Promise<void> {
    const data = new DataView(new ArrayBuffer(8))
    data.setBigUint64(0, value, true)
    const digits = Buffer.from(data.buffer, 0, bytes).toString('hex')
    const answer = await this.request(`P${number.toString(16)}=${digits}`)
    if (answer !== 'OK') throw new Error(`QEMU refuses register ${number}: ${answer}`)
  }

  /** The value of a register of 8 bytes. */
  async register(number: number): Promise<bigint> {
    const bytes = Buffer.from(await this.request(`p${number.toString(16)}`), 'hex')
    return bytes.readBigUInt64LE()
  }

  request(packet: string): Promise<string> {
    let sum = 0
    for (const byte of Buffer.from(packet)) sum = (sum + byte) & 255
    this.stream.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`)
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  private take(text: string): void {
    this.received += text
    const packet = /\$([^#]*)#../.exec(this.received)
    if (packet === null) return
    this.received = this.received.slice(packet.index + packet[0].length)
    this.stream.write('+')
    this.waiting?.(packet[1]!)
  }
}
