// Which page a path shows. Each page is a chunk of its own.
import { Component, lazy, Suspense, useEffect, useRef, type ComponentType, type ReactNode } from "react";
import { reachability } from "./api/client.js";
import { SessionProvider, useReachable } from "./api/session.js";
import { RouterProvider, usePath } from "./router.js";
import { Shell } from "./shell/shell.js";
import { ErrorState, Loading, Offline } from "./ui/states.js";
import { NotFound } from "./shell/not_found.js";

const Live = lazy(() => import("./live/index.js").then((page) => ({ default: page.LivePage })));
const Home = lazy(() => import("./home/index.js").then((page) => ({ default: page.HomePage })));
const Guides = lazy(() => import("./guides/index.js").then((page) => ({ default: page.GuidesPage })));
const Reference = lazy(() => import("./reference/index.js").then((page) => ({ default: page.ReferencePage })));
const Console = lazy(() => import("./console/index.js").then((page) => ({ default: page.ConsolePage })));

const pages: [prefix: string, page: ComponentType, below: boolean][] = [
  ["/", Live, false],
  ["/home", Home, false],
  ["/guides", Guides, true],
  ["/reference", Reference, true],
  ["/console", Console, true],
];

function pageOf(path: string): ComponentType {
  const plain = path.length > 1 ? path.replace(/\/+$/, "") : path;
  return pages.find(([prefix, , below]) => plain === prefix || (below && plain.startsWith(`${prefix}/`)))?.[1] ?? NotFound;
}

/** A page whose files were asked for while the server was away: browsers keep that failure, so it begins anew when the server is back. */
function Unloaded() {
  const reachable = useReachable();
  const was = useRef(false);
  useEffect(() => reachability.ask(), []);
  useEffect(() => {
    if (reachable && was.current) location.reload();
    was.current ||= !reachable;
  }, [reachable]);
  return reachable ? <ErrorState title="This page did not load" problem="Its files could not be had: the server may have become another version." retry={() => location.reload()} /> : <Offline />;
}

/** A page that fails says so in its place; the rest goes on. */
class Boundary extends Component<{ of: string; children: ReactNode }, { problem?: Error }> {
  override state: { problem?: Error } = {};
  static getDerivedStateFromError = (problem: Error) => ({ problem });
  override componentDidUpdate(before: { of: string }) {
    if (before.of !== this.props.of && this.state.problem) this.setState({ problem: undefined });
  }
  override render() {
    if (!this.state.problem) return this.props.children;
    if (/import|module|preload/i.test(this.state.problem.message)) return <Unloaded />;
    return <ErrorState title="This page failed" problem={this.state.problem} retry={() => location.reload()} />;
  }
}

function Routed() {
  const path = usePath();
  const Page = pageOf(path);
  return (
    <Boundary of={path}>
      <Suspense fallback={<Loading what="the page" />}>
        <Page />
      </Suspense>
    </Boundary>
  );
}

export function App() {
  return (
    <RouterProvider>
      <SessionProvider>
        <Shell>
          <Routed />
        </Shell>
      </SessionProvider>
    </RouterProvider>
  );
}
