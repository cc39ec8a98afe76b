import { useTitle } from "../router.js";

export function ConsolePage() {
  useTitle("Console");
  return (
    <div className="page">
      <h1>Console</h1>
    </div>
  );
}
