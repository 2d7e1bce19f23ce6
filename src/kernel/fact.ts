/** Something ksight had to find out about a kernel, with how it was found and what confirms it. */
export interface Fact<T> {
  readonly name: string
  readonly value: T
  /** Where the value comes from. */
  readonly how: string
  /** The independent fact that it was checked against. */
  readonly checked: string
}
