/** Owns resources and lets go of them together, the last one first. (Node 20 has no DisposableStack.) */
export class Owner implements Disposable {
  private readonly owned: Disposable[] = []

  own<Resource extends Disposable>(resource: Resource): Resource {
    this.owned.push(resource)
    return resource
  }

  /** Runs a step of construction; where it fails, nothing that is owned so far is leaked. */
  orDispose<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    for (let last = this.owned.pop(); last !== undefined; last = this.owned.pop()) {
      last[Symbol.dispose]()
    }
  }
}
