import { Link, useTitle } from "../router.js";
import { Empty } from "../ui/states.js";

export function NotFound() {
  useTitle("Not found");
  return (
    <>
      <h1 className="visually-hidden">Not found</h1>
      <Empty title="There is no such page" action={<Link to="/">To the start</Link>}>
        Routes of the server are in the <Link to="/reference">reference</Link>.
      </Empty>
    </>
  );
}
