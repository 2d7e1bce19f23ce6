/** Numbers that look random and come again with the same seed (mulberry32). */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  /** From 0 up to but without `end`, which is at most 2^32. */
  below(end: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  bits(count: number): bigint {
    const value = (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32))
    return BigInt.asUintN(count, value)
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}
