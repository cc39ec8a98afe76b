import { useTitle } from "../router.js";

export function LivePage() {
  useTitle("Live");
  return (
    <div className="page">
      <h1>Live</h1>
    </div>
  );
}
