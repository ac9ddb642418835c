export default function Page() {
  return (
    <main>
      <h1>Datasets</h1>
      <p>
        Request <code>/api/datasets/NAME</code> to validate the folder NAME of <code>DATASETS_DIR</code>.
      </p>
    </main>
  );
}
