// A TCP proxy that cuts connections on demand.
import { type AddressInfo, createServer, connect, type Server as Listener, type Socket } from "node:net";

export class CuttingProxy {
  private constructor(
    private readonly listener: Listener,
    private readonly open: Set<Socket>,
  ) {}

  /** After this text has passed to a client its connection is cut, once for each entry. */
  readonly cutAfter: string[] = [];

  static async to(port: number): Promise<CuttingProxy> {
    const open = new Set<Socket>();
    const listener = createServer();
    const proxy = new CuttingProxy(listener, open);
    listener.on("connection", (client) => {
      const server = connect(port, "127.0.0.1");
      let passed = "";
      for (const side of [client, server]) {
        open.add(side);
        side.on("error", () => {});
        side.on("close", () => {
          open.delete(side);
          client.destroy();
          server.destroy();
        });
      }
      client.on("data", (bytes) => server.write(bytes));
      server.on("data", (bytes) => {
        passed += bytes.toString("latin1");
        const marker = proxy.cutAfter[0];
        const at = marker === undefined ? -1 : passed.indexOf(marker);
        if (marker === undefined || at < 0) return client.write(bytes);
        proxy.cutAfter.shift();
        const beyond = passed.length - (at + marker.length);
        client.write(bytes.subarray(0, bytes.length - beyond), () => client.destroy());
      });
    });
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get url(): string {
    return `http://localhost:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Cuts all connections at this moment. */
  cut(): void {
    for (const side of this.open) side.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((done) => this.listener.close(done));
  }
}
