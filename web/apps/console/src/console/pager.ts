// A long list a page at a time: what is on the screen is kept fresh, what is not costs nothing. One request at a time, so
// that pages join.

export interface PageOf<Row> {
  rows: Row[];
  next?: string | undefined;
  total?: number | undefined;
}
export interface Listed<Row> {
  rows: readonly Row[];
  total: number | undefined;
  /** There are more at the server. */
  more: boolean;
  busy: boolean;
  /** Why the last request failed; the rows are those of before. */
  problem: unknown;
}
interface Kept<Row> {
  after: string | undefined;
  rows: Row[];
  next: string | undefined;
}

/** How near to the end of what is there the next page is asked for. */
const ahead = 20;

export class Pager<Row> {
  private pages: Kept<Row>[] = [];
  private total: number | undefined;
  private busy = false;
  private again = false;
  private problem: unknown;
  private first = 0;
  private last = 0;
  private readonly over = new AbortController();

  /** `ask` gets the `next` of the page before, and rejects when the signal aborts. */
  constructor(
    private readonly ask: (after: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>,
    private readonly told: (listed: Listed<Row>) => void,
  ) {}

  end(): void {
    this.over.abort();
  }

  /** Rows from `first` to `last` are on the screen. */
  need(first: number, last: number): void {
    this.first = first;
    this.last = last;
    if (this.problem === undefined) void this.grow();
  }

  /** Asks anew for what is on the screen, or for the first page; after what runs. */
  async refresh(): Promise<void> {
    this.again = this.busy;
    if (this.busy) return;
    return this.alone(async () => {
      if (this.pages.length === 0) return this.add();
      let n = 0;
      let from = 0;
      while (n + 1 < this.pages.length && from + this.pages[n]!.rows.length <= this.first) from += this.pages[n++]!.rows.length;
      const fresh: Kept<Row>[] = [];
      let rest: Kept<Row>[] = [];
      let end = from;
      for (let after = this.pages[n]!.after; ; ) {
        const page = await this.page(after);
        fresh.push(page);
        end += page.rows.length;
        if (page.next === undefined) break;
        const behind = this.pages[n + fresh.length];
        // A page that ends elsewhere now does not join those behind it: they are asked for again as they are needed.
        if (end > this.last) {
          rest = behind?.after === page.next ? this.pages.slice(n + fresh.length) : [];
          break;
        }
        if (!behind) break;
        after = page.next;
      }
      this.pages = [...this.pages.slice(0, n), ...fresh, ...rest];
    });
  }

  private async grow(): Promise<void> {
    const have = this.pages.reduce((sum, { rows }) => sum + rows.length, 0);
    const done = this.pages.length > 0 && this.pages.at(-1)!.next === undefined;
    if (this.busy || done || this.over.signal.aborted || this.last < have - ahead) return;
    await this.alone(() => this.add());
  }

  private async add(): Promise<void> {
    this.pages = [...this.pages, await this.page(this.pages.at(-1)?.next)];
  }

  private async page(after: string | undefined): Promise<Kept<Row>> {
    const { rows, next, total } = await this.ask(after, this.over.signal);
    this.total = total ?? this.total;
    return { after, rows, next };
  }

  private async alone(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await act();
      this.problem = undefined;
    } catch (why) {
      this.problem = why;
    }
    this.busy = false;
    if (this.over.signal.aborted) return;
    this.told({ rows: this.pages.flatMap(({ rows }) => rows), total: this.total, more: this.pages.at(-1)?.next !== undefined, busy: false, problem: this.problem });
    if (this.again) return this.refresh();
    // What came onto the screen meanwhile.
    if (this.problem === undefined) void this.grow();
  }
}
