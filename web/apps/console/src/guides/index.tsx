import { useTitle } from "../router.js";

export function GuidesPage() {
  useTitle("Guides");
  return (
    <div className="page">
      <h1>Guides</h1>
    </div>
  );
}
