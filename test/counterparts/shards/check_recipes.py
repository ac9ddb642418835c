"""Checks the files of docs/scale-out against the rules of their services. Prints one problem per line."""

import json
import sys
from pathlib import Path

import botocore.session
import kubernetes_validate
import yaml
from botocore.validate import ParamValidator
from statelint.config import Config
from statelint.linter import Linter

folder = Path(sys.argv[1])


def requests(name, service, operation):
    client = botocore.session.get_session().create_client(
        service, region_name='us-east-1', aws_access_key_id='x', aws_secret_access_key='x'
    )
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(json.loads((folder / name).read_text()), shape)
    return [report.generate_report()] if report.has_errors() else []


def kubernetes(name):
    try:
        kubernetes_validate.validate(yaml.safe_load((folder / name).read_text()), '1.33', strict=True)
        return []
    except kubernetes_validate.ValidationError as error:
        return [error.message]


def states(name):
    return list(Linter.validate(str(folder / name), Config([], False, False)))


found = {
    'aws-batch-job-definition.json': requests('aws-batch-job-definition.json', 'batch', 'RegisterJobDefinition'),
    'aws-batch-submit.json': requests('aws-batch-submit.json', 'batch', 'SubmitJob'),
    'sagemaker-processing.json': requests('sagemaker-processing.json', 'sagemaker', 'CreateProcessingJob'),
    'kubernetes.yaml': kubernetes('kubernetes.yaml'),
    'step-functions.asl.json': states('step-functions.asl.json'),
}
for name, problems in found.items():
    print(f'checked {name}' if not problems else f'{name}: {problems}')
