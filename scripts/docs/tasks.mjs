// The groups of the API reference. Each public declaration is in one group, under the subpath from
// which readers should import it: the root entry if it exports the name. test/public-api.test.ts
// compares this table with the exports of the package.

/** The groups, in the order of the reference. */
export const TASKS = [
  {
    page: 'reading',
    title: 'Read records',
    about: 'Records of files, S3 objects, streams and bytes, one by one or in batches.',
    exports: {
      recordpipe: names(`
        openRecords readRecordBatches readRecordIO readRecordIOBatches readRecords readTFRecordBatches
        readTFRecords readTextLineBatches readTextLines RecordBatch RecordReader DEFAULT_READ_OPTIONS
        DEFAULT_RECORDIO_READ_OPTIONS DEFAULT_TEXTLINE_READ_OPTIONS DEFAULT_TFRECORD_READ_OPTIONS
        AnyOptions Batches BinaryData ByteSource CodecOptions Compression Multipart OnProgress
        OpenFileHandle OpenedRecords ReadOptions ReadStart RecordIOOptions RecordIOReadOptions
        RecordReadOptions RecordSources SourceOptions TFRecordOptions TFRecordReadOptions
        TextLineOptions TextLineReadOptions
      `),
    },
  },
  {
    page: 'scanning',
    title: 'Scan files without keeping records',
    about: 'Counts and findings of one file or stream, in constant memory.',
    exports: {
      recordpipe: names(`
        scanRecordIO scanRecords scanTFRecords scanTextLines ReadStats RecordIOScanOptions RecordScan
        RecordScanOptions ScanCounts ScanOptions TFRecordScanOptions TextLineScanOptions
      `),
    },
  },
  {
    page: 'bytes',
    title: 'Decode and encode bytes in memory',
    about: 'Records of bytes that are already in memory, and the bytes of one record.',
    exports: {
      recordpipe: names(`
        decodeRecordIO decodeRecordIOBatches decodeTFRecordBatches decodeTFRecords decodeTextLineBatches
        decodeTextLines encodeRecordIO encodeRecordIOInto encodeTFRecord encodeTFRecordInto
        encodeTextLine encodeTextLineInto recordIOFrameBytes tfrecordFrameBytes CarriageReturns
        DecodeOptions RecordIODecodeOptions RecordIOEncodeOptions TFRecordDecodeOptions
        TextLineDecodeOptions TextLineEncodeOptions
      `),
    },
  },
  {
    page: 'streams',
    title: 'Connect web and Node streams',
    about: 'Transform streams that decode and encode records.',
    exports: {
      recordpipe: names(`
        recordIODecoderStream recordIOEncoderStream textLineDecoderStream textLineEncoderStream
        tfrecordDecoderStream tfrecordEncoderStream DecoderStream
      `),
      'recordpipe/records/write': names(`
        createRecordIODecoder createRecordIOEncoder createTFRecordDecoder createTFRecordEncoder
        createTextLineDecoder createTextLineEncoder
      `),
    },
  },
  {
    page: 'formats',
    title: 'Detect and name formats',
    about: 'The formats of record files and their compression.',
    exports: {
      recordpipe: names('detectCompression detectFormat DetectedFormat FormatName'),
      'recordpipe/formats/names': names('FORMAT_NAMES'),
    },
  },
  {
    page: 'checksums',
    title: 'Compute checksums',
    about: 'CRC32C, as TFRecord files store it, of bytes in memory.',
    exports: {
      recordpipe: names('crc32c crc32cCombine crc32cKernel maskCrc32c unmaskCrc32c'),
    },
  },
  {
    page: 'writing',
    title: 'Write records',
    about: 'Files and sets of shards, which appear under their names only when they are complete.',
    exports: {
      'recordpipe/records/write': names(`
        makeFolder openRecordIOShards openRecordIOWriter openRecordShards openRecordWriter
        openTFRecordShards openTFRecordWriter openTextLineShards openTextLineWriter writeWhole
        RecordShardWriter RecordWriter DEFAULT_WRITE_OPTIONS AnyRecordShardOptions AnyRecordWriteOptions
        RecordIOShardOptions RecordIOWriteOptions RecordWriteOptions ShardOptions TFRecordShardOptions
        TFRecordWriteOptions TextLineShardOptions TextLineWriteOptions WrittenFile
      `),
    },
  },
  {
    page: 'random-access',
    title: 'Get records by number',
    about: 'Indexes: build, check and use them.',
    exports: {
      'recordpipe/records/indexes': names(`
        buildIndex checkIndex defaultIndexPath openIndexed IndexedRecords BuildIndexOptions BuiltIndex
        CheckIndexOptions CheckedIndex FrameScanOptions IndexKind IndexedOptions LayoutOptions
        WrittenKind
      `),
    },
  },
  {
    page: 'recordio-splits',
    title: 'Read one split of a RecordIO file',
    about: 'The part of a RecordIO file that belongs to one of several readers, cut as dmlc cuts it.',
    exports: {
      'recordpipe/records/write': names(`
        readRecordIOSplit readRecordIOSplitBatches recordIOSplitRange ByteRange RecordIOSplit
        RecordIOSplitOptions
      `),
    },
  },
  {
    page: 'mxnet',
    title: 'Read and write MXNet records',
    about: 'IRHeader, and records by key with an .idx file.',
    exports: {
      recordpipe: names('packIR unpackIR IRHeader IRHeaderInput UnpackedIR'),
      'recordpipe/records/indexes': names(`
        openMXIndexedRecordIO openMXIndexedRecordIOWriter MXIndexedReader MXIndexedWriter
        MXIndexedOptions MXIndexedWriteOptions MXKey MXKeyType
      `),
    },
  },
  {
    page: 'examples',
    title: 'Decode and encode tf.Examples',
    about: 'tf.train.Example and SequenceExample with all of their features.',
    exports: {
      'recordpipe/messages': names(`
        decodeExample decodeSequenceExample encodeExample encodeSequenceExample ExampleCursor
        ExampleDecoder DEFAULT_DECODE_EXAMPLE_OPTIONS DEFAULT_ENCODE_EXAMPLE_OPTIONS BytesFeature
        DecodeExampleOptions EncodeExampleOptions Example ExampleDecoderOptions Feature FeatureInput
        FeatureKind FeaturesInput FloatFeature Int64Feature Int64Mode Int64Values SequenceExample
        SequenceExampleInput UnsetFeature
      `),
    },
  },
  {
    page: 'typed-features',
    title: 'Parse tf.Examples into typed arrays',
    about: 'Feature specs, as in `tf.io.parse_example`, compiled into a plan.',
    exports: {
      'recordpipe/messages': names(`
        compileFeatures compileSequenceFeatures fixedLen fixedLenSequence ragged sparse varLen
        DEFAULT_COMPILE_FEATURES_OPTIONS CompileFeaturesOptions DefaultValue DenseColumn FeatureListSpec
        FeatureListSpecs FeaturePlan FeatureSpec FeatureSpecs FixedLenSequenceSpec FixedLenSpec
        ParsedBatch ParsedColumn ParsedExample ParsedFeature ParsedSequence PlanInt64 RaggedColumn
        RaggedSpec SequenceFeaturePlan SparseColumn SparseSpec SparseSpecOptions SpecKind Value Values
        VarLenSpec
      `),
    },
  },
  {
    page: 'sagemaker-records',
    title: 'Decode and encode recordio-protobuf',
    about: 'aialgs.data.Record, the message of the built-in algorithms of SageMaker.',
    exports: {
      'recordpipe/messages': names(`
        decodeSageMakerRecord encodeSageMakerRecord DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS
        DecodeSageMakerRecordOptions Float32Tensor Float64Tensor Int32Tensor SageMakerBytes
        SageMakerRecord SageMakerRecordInput SageMakerValue SageMakerValueInput SageMakerValuesInput
        TensorInput TensorPlaces Uint64Input Uint64Mode Uint64Values UnsetValue
      `),
    },
  },
  {
    page: 'filters',
    title: 'Filter records by their contents',
    about: 'Expressions over features, as in `--where`.',
    exports: {
      'recordpipe/messages/filter': names(`
        compileFilter filterReport mergeFilterCounts mergeFilterReports missingFeatures FilterCounts
        FilterReport RecordFilter
      `),
    },
  },
  {
    page: 'contents',
    title: 'Recognize and print contents',
    about: 'What a payload contains: its message type, its features as text or JSON, and its image.',
    exports: {
      'recordpipe/check': names(`
        elided imageHeader isMessageType recognizeRecord recordContent recordJson textOf FieldValue
        ImageHeader ImageKind MessageType RecognizedRecord RecordContent RecordJsonOptions RecordType
      `),
    },
  },
  {
    page: 'datasets',
    title: 'Build input pipelines',
    about: 'Chains of operators over records, as in tf.data, that can be saved and resumed.',
    exports: {
      'recordpipe/dataset': names(`
        Dataset DatasetIterator IterableDataset BatchOptions DatasetInput DatasetProgress
        DatasetRecordOptions DatasetState DatasetWaits Elements FileNames FileNamesOptions
        InterleaveOptions IterateOptions MapOptions MaybePromise MixOptions MixSource Paddable
        PaddedBatchOptions Padding ParseOptions Position PrefetchOptions ProgressOptions Scalar Shape
        ShardIndexing ShardsOptions ShuffleOptions Vector WhereOptions WindowOptions WorkerMapOptions
        ZipSources Zipped
      `),
    },
  },
  {
    page: 'checking',
    title: 'Validate and count many files',
    about: 'Findings and counts of files, directories and prefixes, on all cores.',
    exports: {
      'recordpipe/check': names(`
        countFiles expandInputs validateFiles validateReport CheckedFile CheckedReading CheckedReport
        CountOptions CountReport FileCount FileInputs FileReport FileWarning FilesOptions FilesProgress
        Finding Format InputNotice InputOptions Interruption KnownFile NoFilesNotice Reaching
        RecordCountNotice RecordRange ReportTotals ShardNotice SkipReason SkippedFiles
        UnknownFeatureNotice ValidateOptions ValidateReport
      `),
    },
  },
  {
    page: 'schemas',
    title: 'Infer and check schemas',
    about: 'Rules for the features of all records.',
    exports: {
      'recordpipe/check': names(`
        inferSchema readSchema schemaMessage schemaOf Bounds FeatureListSchema FeatureSchema FeatureType
        FileSchemaReport InferSchemaOptions InferredSchema RecordSchema SchemaMessage SchemaOptions
        SchemaRule SchemaTotal SchemaViolation TypeConflict UnlistedFeature
      `),
    },
  },
  {
    page: 'statistics',
    title: 'Collect statistics',
    about: 'Counts, distributions and samples of features, as data or as an HTML page.',
    exports: {
      'recordpipe/check': names(`
        collectStats featureFacts labelFeatures mergeStats messageCountTexts recordsWithFeatures
        sizeColumns spreadColumns statsHtml valueColumns NO_STATS BytesStats CollectStatsOptions Column
        DatasetStats DistinctValues ExponentCount FeatureFacts FeatureKind FeatureStats FileStats
        FloatStats ImageSample ImageStats Int64Stats KindStats LabelFeature Log2Counts MessageCounts
        NamedFeature RecordPlace SignedLog2 Spread StatsFinding StatsHtmlOptions ValueCount ValueKind
      `),
    },
  },
  {
    page: 'columns',
    title: 'Read and write records as columns',
    about: 'Batches of typed arrays with one vector per feature.',
    exports: {
      'recordpipe/columns': names(`
        checkColumnSchema columnBatches planFromSchema readColumns specsFromSchema writeExamples
        ColumnDecoder ColumnEncoder COLUMN_SCHEMA_KEY BytesVector ColumnBatch ColumnBatchOptions
        ColumnBatches ColumnDecoderOptions ColumnEncoderOptions ColumnField ColumnMessage ColumnPart
        ColumnSchema ColumnType ColumnVector ListVector NullableElements NumberArrays NumberType
        NumberVector ReadColumnsOptions RecordRun RunDecoder SourceBatch WriteExamplesOptions
      `),
    },
  },
  {
    page: 'arrow',
    title: 'Exchange Arrow record batches',
    about: 'Batches of the apache-arrow package, without copies of their values.',
    exports: {
      'recordpipe/columns': names(`
        arrowBatch columnBatchOf ArrowColumnOptions ArrowData ArrowField ArrowRecordBatch ArrowSchema
        ArrowType
      `),
    },
  },
  {
    page: 'tables',
    title: 'Convert tables',
    about: 'Parquet, Arrow, CSV and JSON Lines from records, and back.',
    exports: {
      'recordpipe/columns': names(`
        chooseColumns columnSchemaOf columnsOfSchema columnsToConvert convertTable expandTables
        inferColumns isTableFormat readTableBatches readTableSchema sourceBatches tableFormatOfName
        DEFAULT_CONVERT_TABLE_OPTIONS TABLE_EXTENSIONS ColumnSchemaOptions ConvertFormat ConvertInputs
        ConvertTableOptions ConvertTableResult ConvertedFile InferColumnsOptions ReadTableOptions
        SourceOptions TableFormatName TableLoss
      `),
    },
  },
  {
    page: 'sql',
    title: 'Query records with SQL',
    about: 'DuckDB over record files.',
    exports: {
      'recordpipe/columns': names(`
        openQuery queryFormatOf writeQuery Query QueryColumn QueryFormat QueryOptions QueryTextFormat
        QueryValue TableReading WriteQueryOptions
      `),
    },
  },
  {
    page: 'transforming',
    title: 'Convert, repair, split, merge, shuffle and sample',
    about: 'Operations on whole record files.',
    exports: {
      'recordpipe/transform': names(`
        convertFile extensionOf kindOfName mergeFiles repairFile sampleFile shuffleFile shuffleFiles
        splitByWeights splitFile DEFAULT_TRANSFORM_OPTIONS FileFormat InputOptions MergeResult NamedKind
        OutputOptions RepairFinding RepairOptions RepairResult SampleOptions SampleResult
        SelectingOptions ShuffleOptions ShuffleResult SplitByWeightsOptions SplitByWeightsResult
        SplitOptions SplitPart SplitResult TransformOptions TransformProgress TransformResult
      `),
    },
  },
  {
    page: 'uploading',
    title: 'Upload files',
    about: 'Files that are validated first, and stored with the checksums of the bytes that were checked.',
    exports: {
      'recordpipe/upload': names('uploadFiles UploadOptions UploadProgress UploadReport UploadedFile'),
    },
  },
  {
    page: 'objects',
    title: 'List and read objects',
    about: 'S3 and local files: lists, ordered streams, ranges, retries and access.',
    exports: {
      'recordpipe/storage': names(`
        diagnoseStore listObjects openObject openObjectReader readObjects statObject ObjectReader
        DEFAULT_OBJECT_OPTIONS CacheOptions DiagnoseOptions ListOptions ListWarning ObjectChecksum
        ObjectInfo ObjectOptions ObjectPiece ObjectPieces ObjectReadOptions ObjectRef ObjectRefs
        ObjectSource ObjectStat ObjectsReadOptions OnObjectError OnTransferEvent OpenObject RangeHead
        RangeReader RangeRequest RangeSink S3Credentials S3CredentialsProvider S3Options StoreCheck
        StoreDiagnosis TransferControl TransferEvent TransferOptions TransferStats
      `),
    },
  },
  {
    page: 'object-writing',
    title: 'Write objects',
    about: 'Multipart uploads to S3, which appear only when they are complete.',
    exports: {
      'recordpipe/storage': names('openObjectWriter ObjectWriter ObjectWriteOptions WrittenObject'),
    },
  },
  {
    page: 'object-cache',
    title: 'Cache objects on a local disk',
    about: 'The contents of a cache folder, and its removal.',
    exports: {
      'recordpipe/storage': names('listCache removeFromCache CacheListing CacheRemoval CachedObject Removed'),
    },
  },
  {
    page: 'scale-out',
    title: 'Divide work among machines',
    about: 'Plans, and the shard of each machine.',
    exports: {
      'recordpipe/scale': names(`
        assign engineText parseShard planShards readPlan shardFromEnvironment shardList uncut writePlan
        MAX_SHARDS EnvironmentShard PlanOptions PlanWriteOptions ReadText Shard ShardChoice ShardEngine
        ShardPlan Variables
      `),
    },
  },
  {
    page: 'shard-reports',
    title: 'Report and merge shards',
    about: 'Reports of the shards of a run, and their total.',
    exports: {
      'recordpipe/scale': names(`
        checkedFile findReports isReport mergeReportFiles mergeReports missingShards readReport
        reportName reportText shardReport totalReport writeReport DoneFile DoneFiles MergedReportFiles PlanSummary
        ShardCommand ShardPart ShardReport ShardResults ShardSettings TotalReport TotalResults
      `),
    },
  },
  {
    page: 'pipe-reading',
    title: 'Read Pipe-mode channels',
    about: 'PipeModeDataset, and the configuration of the training job in the container.',
    exports: {
      'recordpipe/pipemode': names(`
        hostRank hyperparameterValue readEnvironment readHyperparameters readInputDataConfig
        readResourceConfig PipeModeDataset PipeModeError ChannelConfig Hosts Hyperparameters
        InputDataConfig JsonValue ManifestTuple PipeBatchesOptions PipeModeDatasetOptions
        PipeModeElement PipeModeMetrics PipeModeOptions PipeModeOptionsInput PipeModeState
        RecordFormatName RecordFormatSpelling ResourceConfig ResumeOptions SageMakerEnvironment
        SageMakerOptionNames Variables
      `),
    },
  },
  {
    page: 'pipe-streaming',
    title: 'Stream Pipe-mode channels',
    about: 'The sending end of Pipe mode, with the training program, checkpoints and metrics.',
    exports: {
      'recordpipe/pipemode/streamer': names(`
        prometheusText readResumeFile PipeModeStreamer ProgramGuard TrainingProgram
        DEFAULT_STREAMER_OPTIONS ChannelCheckpoint ChannelIdentity ChannelMetrics ChannelStatus
        CheckpointOptions EpochEnd EpochPosition EpochStartStatus GuardOptions OnProgramLine
        OnStreamEvent PipeModeStreamerOptions ProgramMark RecordDivision ResumedChannel StreamCheckpoint
        StreamEvent StreamSource StreamerInput TrainingProgramOptions
      `),
    },
  },
  {
    page: 'training-runs',
    title: 'Run training jobs',
    about: 'A whole training job on this machine: inputs, hosts, checkpoints, artifacts and metrics.',
    exports: {
      'recordpipe/pipemode/train': names(`
        checkMetricsFile logPrefix metricsTable saveArtifacts writeMetrics CheckpointOwners Checkpoints
        MetricLog TrainingRun DEFAULT_TRAINING_RUN_OPTIONS ArtifactOptions ArtifactOutput ArtifactPaths
        ChannelDataOptions ChannelPlan CheckpointOptions CheckpointTransfer FilledEvent FillingEvent
        HostPlan HostResult MetricDefinition MetricPoint MetricSeries MetricSummary MetricsFileOptions
        MetricsReport ProgramEnd ProgramStart RestoredEvent SavedArtifacts TrainingEvent TrainingPlan
        TrainingResult TrainingRunInput TrainingRunOptions TrainingStatus TrainingWarning
      `),
    },
  },
  {
    page: 'training-requests',
    title: 'Describe training jobs',
    about:
      'CreateTrainingJob requests, hosts and channels, and the files and variables that a container gets.',
    exports: {
      'recordpipe/pipemode/streamer': names(`
        hostEnvironment jobHosts jobPaths parseTrainingRequest readTrainingRequest scriptOf
        trainingRequest writeJobFiles HostEnvironment HostEnvironmentOptions InputMode InstanceGroup
        JobChannel JobChannelInput JobHost JobPaths S3DataType StreamChannel StreamChannelInput
        TrainingRequest TrainingRequestInput
      `),
    },
  },
  {
    page: 'manifests',
    title: 'Write and check manifests',
    about: 'ManifestFile and AugmentedManifestFile, as SageMaker reads them.',
    exports: {
      'recordpipe/pipemode/manifest': names(`
        checkManifest formatManifest isRefName listManifestObjects parseManifestLine
        writeAugmentedManifest writeManifest CheckManifestOptions ManifestListMistake
        ManifestListOptions ManifestPlace ManifestProblem ManifestRefs ManifestReport ManifestRow
        ManifestValue TextTargetOptions WriteManifestOptions
      `),
    },
  },
  {
    page: 'errors',
    title: 'Handle errors',
    about: 'The one error family, its codes, and functions that classify errors.',
    exports: {
      recordpipe: names(`
        isItemFailure isRecordpipeError RecordpipeError UsageError DATA_ERROR_CODES ErrorCode ErrorJson
        ErrorPlace
      `),
      'recordpipe/errors': names('isOutOfMemory redacted sentenceOf'),
    },
  },
];

/** Returns the words of a text. */
function names(text) {
  return text.trim().split(/\s+/);
}
