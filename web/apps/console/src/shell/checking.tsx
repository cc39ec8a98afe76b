import { useReachable, useSession } from "../api/session.js";
import { ErrorState, Loading, Offline } from "../ui/states.js";

/** What a page shows until the server has said who the caller is. */
export function Checking() {
  const { problem } = useSession();
  if (!useReachable()) return <Offline />;
  if (problem && !problem.offline) return <ErrorState title="The server does not say yet who you are" problem={problem} goesOn />;
  return <Loading what="who you are" />;
}
