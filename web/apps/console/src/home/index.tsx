import { useTitle } from "../router.js";

export function HomePage() {
  useTitle("Home");
  return (
    <div className="page">
      <h1>Home</h1>
    </div>
  );
}
